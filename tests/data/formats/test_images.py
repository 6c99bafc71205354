import cv2
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data.formats import images, palette
from tests.data.formats import test_palette

IDS = np.zeros((24, 32), np.uint8)
IDS[4:12, 5:20] = 1
IDS[14:20, 8:30] = 2


def test_frame_is_rgb(tmp_path):
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 2] = 255  # OpenCV writes blue, green, red.
    cv2.imwrite(str(tmp_path / "red.png"), red)
    frame = images.read_frame(tmp_path / "red.png")
    assert frame[0, 0].tolist() == [255, 0, 0]


def test_missing_frame_names_the_file(tmp_path):
    with pytest.raises(errors.InputError, match="00007.jpg is missing"):
        images.read_frame(tmp_path / "00007.jpg")


@pytest.mark.parametrize("kept", [0.0, 0.02, 0.5, 0.98])
def test_cut_jpeg_is_refused(tmp_path, kept):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    data = cv2.imencode(".jpg", noise)[1].tobytes()
    path = tmp_path / "cut.jpg"
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(errors.InputError, match="cut.jpg is damaged"):
        images.read_frame(path)


def test_text_file_as_frame_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_text("not an image")
    with pytest.raises(errors.InputError, match="not an image"):
        images.read_frame(tmp_path / "a.jpg")


def test_written_mask_comes_back(tmp_path):
    images.write_mask(tmp_path / "new" / "a.png", IDS)
    np.testing.assert_array_equal(images.read_mask(tmp_path / "new" / "a.png"), IDS)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (IDS, IDS),
        (IDS // 2, IDS // 2),
        ((IDS > 0) * 255, IDS > 0),
        ((IDS > 0) * 100, IDS > 0),
        (IDS * 90, IDS > 1),  # three levels: 90 is below one half, 180 above
        (np.where(IDS == 2, 255, IDS), IDS == 2),  # 0, 1 and 255
        (IDS * 0, IDS * 0),
    ],
)
def test_gray_levels(tmp_path, stored, expected):
    cv2.imwrite(str(tmp_path / "m.png"), stored.astype(np.uint8))
    np.testing.assert_array_equal(images.read_mask(tmp_path / "m.png"), expected)


def test_three_equal_channels_are_gray(tmp_path):
    cv2.imwrite(str(tmp_path / "m.png"), np.dstack([(IDS > 0) * np.uint8(255)] * 3))
    np.testing.assert_array_equal(images.read_mask(tmp_path / "m.png"), IDS > 0)


def test_indices_0_and_255_are_one_object(tmp_path):
    (tmp_path / "m.png").write_bytes(palette.encode_indices(np.uint8(255) * (IDS > 0)))
    np.testing.assert_array_equal(images.read_mask(tmp_path / "m.png"), IDS > 0)


def test_void_index_is_background(tmp_path):
    stored = IDS.copy()
    stored[:3] = 255
    (tmp_path / "m.png").write_bytes(palette.encode_indices(stored))
    np.testing.assert_array_equal(images.read_mask(tmp_path / "m.png"), IDS)


def test_davis_colors_become_ids(tmp_path):
    rgb = palette.davis_palette()[IDS * np.uint8(3)]
    cv2.imwrite(str(tmp_path / "m.png"), rgb[..., ::-1])
    np.testing.assert_array_equal(images.read_mask(tmp_path / "m.png"), IDS * 3)


def test_other_colors_are_refused(tmp_path):
    rgb = palette.davis_palette()[IDS].copy()
    rgb[0, 0] = (1, 2, 3)
    cv2.imwrite(str(tmp_path / "m.png"), rgb[..., ::-1])
    with pytest.raises(errors.InputError, match="m.png .* colors aren't .* save it"):
        images.read_mask(tmp_path / "m.png")


def test_wrong_palette_is_refused(tmp_path):
    swapped = b"\xff\xff\xff\0\0\0"
    (tmp_path / "m.png").write_bytes(test_palette.indexed_png(IDS, colors=swapped))
    with pytest.raises(errors.InputError, match="index 0 of its palette"):
        images.read_mask(tmp_path / "m.png")


def test_cut_mask_is_refused(tmp_path):
    data = palette.encode_indices(IDS)
    (tmp_path / "m.png").write_bytes(data[:-20])
    with pytest.raises(errors.InputError, match="m.png .*cut short"):
        images.read_mask(tmp_path / "m.png")


def test_deep_mask_is_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "m.png"), IDS.astype(np.uint16) * 256)
    with pytest.raises(errors.InputError, match="8 bits"):
        images.read_mask(tmp_path / "m.png")
