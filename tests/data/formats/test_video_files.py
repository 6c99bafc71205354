"""Frames and masks of a video, read when they are asked for."""

import pickle

import cv2
import numpy as np
import pytest

from samn_jax.data.formats import images, video_files
from samn_jax.errors import InputError


@pytest.fixture
def paths(tmp_path):
    """Two files, of which the second is missing."""
    return tmp_path / "0.png", tmp_path / "1.png"


def test_frames_are_read_by_index_in_another_process_too(paths):
    cv2.imwrite(str(paths[0]), np.full((4, 6, 3), (1, 2, 3), np.uint8))
    read = pickle.loads(pickle.dumps(video_files.FrameFiles(paths)))
    assert read(0)[0, 0].tolist() == [3, 2, 1]
    with pytest.raises(InputError, match="1.png is missing"):
        read(1)


def test_a_missing_mask_is_none_or_an_error(paths):
    ids = np.array([[0, 2], [5, 0]], np.uint8)
    images.write_mask(paths[0], ids)
    read = video_files.MaskFiles(paths)
    np.testing.assert_array_equal(read(0), ids)
    assert read(1) is None
    read = video_files.MaskFiles(paths, all_needed=True, one_object=True)
    np.testing.assert_array_equal(read(0), ids > 0)
    with pytest.raises(InputError, match="1.png is missing"):
        read(1)
