from fractions import Fraction

import cv2
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.media import source
from tests.media import clips

FRAMES = clips.make_frames(12)


@pytest.fixture
def folder(tmp_path):
    for index, frame in enumerate(FRAMES):
        cv2.imwrite(str(tmp_path / f"{index}.png"), frame[..., ::-1])
    (tmp_path / "notes.txt").write_text("no frame")
    return tmp_path


def test_pictures_come_in_natural_order(folder):
    opened = source.open_source(str(folder), rate=None)
    read = list(opened.read(0, None))
    assert opened.num_frames == 12 and opened.rate == 25
    assert [frame.name for frame in read] == [str(index) for index in range(12)]
    for frame, written in zip(read, FRAMES, strict=True):
        np.testing.assert_array_equal(frame.image, written)


def test_parts_and_backward(folder):
    opened = source.open_source(str(folder), rate=Fraction(10))
    assert [f.index for f in opened.read(3, 9, 2)] == [3, 5, 7]
    assert [f.index for f in opened.read(11, -1, -4)] == [11, 7, 3]
    assert [f.index for f in opened.read(11, None, -4)] == [11, 7, 3]
    assert opened.frame(5).time == 0.5
    with pytest.raises(InputError, match="no frame 12"):
        opened.frame(12)


def test_a_picture_of_another_size_is_named(folder):
    cv2.imwrite(str(folder / "7.png"), FRAMES[7][:, :-9])
    opened = source.open_source(str(folder))
    with pytest.raises(InputError, match=r"7\.png is 111 x 96, .* 120 x 96: bring"):
        list(opened.read(0, None))


def test_what_is_no_source_is_refused(tmp_path, folder):
    with pytest.raises(InputError, match="none.mp4 is missing: give a video"):
        source.open_source(str(tmp_path / "none.mp4"))
    with pytest.raises(InputError, match="3.png is a picture: give a video"):
        source.open_source(str(folder / "3.png"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no frames: put"):
        source.open_source(str(tmp_path / "empty"))


class FakeCapture:
    """A camera of four frames."""

    def __init__(self, number):
        self.number, self.given, self.released = number, 0, False
        FakeCapture.last = self

    def isOpened(self):
        return self.number == 0

    def read(self):
        if self.given == 4:
            return False, None
        self.given += 1
        return True, np.ascontiguousarray(FRAMES[self.given - 1][..., ::-1])

    def release(self):
        self.released = True


def test_camera(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(source.cv2, "VideoCapture", FakeCapture)
    camera = source.open_source("0")
    assert camera.num_frames is None
    read = list(camera.read(1, 4, 2))
    assert [frame.index for frame in read] == [1, 3]
    np.testing.assert_array_equal(read[0].image, FRAMES[1])
    assert read[0].time <= read[1].time and FakeCapture.last.released
    with pytest.raises(InputError, match="gives no more frames"):
        list(camera.read(0, None))
    with pytest.raises(InputError, match="camera 7 can't be opened"):
        list(source.open_source("7").read(0, 1))
    with pytest.raises(InputError, match="can't be read backward"):
        next(camera.read(3, -1, -1))


def test_a_camera_that_is_missing_is_told_once(capfd):
    with pytest.raises(InputError, match="camera 97 can't be opened"):
        next(source.open_source("97").read(0, 1))
    assert capfd.readouterr() == ("", "")
