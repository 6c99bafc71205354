import cv2
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data.formats import images
from samn_jax.data.readers import folder

IDS = np.zeros((24, 32), np.uint8)
IDS[4:12, 5:20] = 1
IDS[14:20, 8:30] = 2


def _write_video(frame_dir, mask_dir, num_frames=3, ids=IDS):
    frame_dir.mkdir(parents=True)
    for index in range(num_frames):
        frame = np.full((24, 32, 3), 20 * index, np.uint8)
        cv2.imwrite(str(frame_dir / f"{index:05d}.jpg"), frame)
    images.write_mask(mask_dir / "00000.png", ids)


def test_videos_in_folders(tmp_path):
    for name in ("b", "a"):
        _write_video(tmp_path / "JPEGImages" / name, tmp_path / "Annotations" / name)
    dataset = folder.read_folder(tmp_path)
    assert [sequence.name for sequence in dataset.sequences] == ["a", "b"]
    sequence = dataset.sequences[0]
    assert sequence.num_frames == 3
    assert abs(int(sequence.frame(2).mean()) - 40) <= 1
    np.testing.assert_array_equal(sequence.first_mask(), IDS)
    assert sequence.mask(1) is None


def test_flat_frames_are_one_video(tmp_path):
    root = tmp_path / "holiday"
    _write_video(root / "images", root / "masks")
    (sequence,) = folder.read_folder(root).sequences
    assert sequence.name == "holiday"


def test_other_layout_is_refused(tmp_path):
    with pytest.raises(errors.InputError, match="nowhere is missing: give another"):
        folder.read_folder(tmp_path / "nowhere")


def test_video_without_frames_is_refused(tmp_path):
    _write_video(tmp_path / "images" / "a", tmp_path / "masks" / "a", num_frames=0)
    with pytest.raises(errors.InputError, match="holds no frames"):
        folder.read_folder(tmp_path)


def test_first_frame_without_mask_is_refused(tmp_path):
    _write_video(tmp_path / "images" / "a", tmp_path / "masks" / "a")
    (tmp_path / "masks" / "a" / "00000.png").unlink()
    with pytest.raises(errors.InputError, match="00000.png is missing"):
        folder.read_folder(tmp_path)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (IDS * 0, "masks/a/00000.png is empty, 24 pixels high and 32 wide"),
        (IDS[:-1], "00000.png is 23 pixels high and 32 wide, its frame is 24 pixels"),
    ],
)
def test_unusable_first_mask_is_refused(tmp_path, ids, message):
    _write_video(tmp_path / "images" / "a", tmp_path / "masks" / "a", ids=ids)
    (sequence,) = folder.read_folder(tmp_path).sequences
    with pytest.raises(errors.InputError, match=message):
        sequence.first_mask()
