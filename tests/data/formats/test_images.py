import cv2
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data.formats import images, palette

IDS = np.zeros((24, 32), np.uint8)
IDS[4:12, 5:20] = 1
IDS[14:20, 8:30] = 2


def test_frame_is_rgb(tmp_path):
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 2] = 255  # OpenCV writes blue, green, red.
    cv2.imwrite(str(tmp_path / "red.png"), red)
    frame = images.read_frame(tmp_path / "red.png")
    assert frame[0, 0].tolist() == [255, 0, 0]


def test_missing_files_are_named(tmp_path):
    with pytest.raises(errors.InputError, match="frame .*00007.jpg is missing"):
        images.read_frame(tmp_path / "00007.jpg")
    with pytest.raises(errors.InputError, match="mask .*00007.png is missing"):
        images.read_mask(tmp_path / "00007.png")


def test_a_folder_as_mask_is_called_one(tmp_path):
    with pytest.raises(errors.InputError, match="is a folder: give a file"):
        images.read_mask(tmp_path)


@pytest.mark.parametrize("kept", [0.02, 0.5, 0.98])
def test_cut_jpeg_is_refused(tmp_path, kept):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    data = cv2.imencode(".jpg", noise)[1].tobytes()
    path = tmp_path / "cut.jpg"
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(errors.InputError, match="cut.jpg is damaged .*: copy it again"):
        images.read_frame(path)


def test_text_file_as_frame_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_text("not an image")
    with pytest.raises(errors.InputError, match="a.jpg is not an image"):
        images.read_frame(tmp_path / "a.jpg")


def test_written_mask_comes_back(tmp_path):
    images.write_mask(tmp_path / "new" / "a.png", IDS)
    np.testing.assert_array_equal(images.read_mask(tmp_path / "new" / "a.png"), IDS)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]


def test_masks_that_hold_no_ids_are_refused_with_what_to_do(tmp_path):
    cv2.imwrite(str(tmp_path / "m.png"), np.array([0, 64, 192], np.uint8)[IDS])
    message = "mask .*m.png has gray levels 0, 64, 192.*save it as an indexed PNG"
    with pytest.raises(errors.InputError, match=message):
        images.read_mask(tmp_path / "m.png")


def test_damaged_and_deep_masks_are_refused(tmp_path):
    (tmp_path / "m.png").write_bytes(palette.encode_indices(IDS)[:-20])
    with pytest.raises(errors.InputError, match="m.png is damaged or cut short: copy"):
        images.read_mask(tmp_path / "m.png")
    cv2.imwrite(str(tmp_path / "m.png"), IDS.astype(np.uint16) * 256)
    with pytest.raises(errors.InputError, match="m.png has more than 8 bits"):
        images.read_mask(tmp_path / "m.png")
