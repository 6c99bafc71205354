"""Frames in the order asked for, of one size."""

import threading

import numpy as np
import pytest

from samn_jax.data import types
from samn_jax.errors import InputError
from samn_jax.evaluation.protocols import frames


def _video(sizes, read=None):
    def read_frame(index):
        if read is not None:
            read.append(threading.get_ident())
        return np.full((*sizes[index], 3), index, np.uint8)

    names = tuple(map(str, range(len(sizes))))
    return types.Sequence("clip", names, read_frame, lambda index: None)


@pytest.mark.parametrize("indices", [range(9), range(8, -1, -1), [3, 1], [5], []])
def test_frames_come_in_this_order(indices):
    video = _video([(4, 6)] * 9)
    found = [int(frame[0, 0, 0]) for frame in frames.read_ahead(video, indices)]
    assert found == list(indices)


def test_they_are_read_beside_the_tracker():
    read = []
    for _ in frames.read_ahead(_video([(4, 6)] * 5, read), range(5)):
        pass
    assert set(read[1:]) - {threading.get_ident()}


def test_another_size_is_named():
    video = _video([(4, 6), (4, 6), (4, 7)])
    ahead = frames.read_ahead(video, range(3))
    assert len([next(ahead), next(ahead)]) == 2
    with pytest.raises(InputError, match="frame 2 .* is 4 .* and 7 wide, the first"):
        next(ahead)
    with pytest.raises(InputError, match="to one size"):
        frames.read(video, 2, video.frame(0))
    assert frames.read(video, 2, None).shape == (4, 7, 3)
