"""Clips of a red square, and a tracker that needs no weights and compiles soon."""

import cv2
import numpy as np
import pytest

from samn_jax import compilation
from samn_jax.data.formats import images
from samn_jax.track import command
from samn_jax.tracking import Tracker
from tests.tracking import color_net

COUNT = 8
FRAMES, MASKS = color_net.make_clip([(30 + 3 * i, 30 + 2 * i) for i in range(COUNT)])


@pytest.fixture(scope="session")
def tracker():
    spec = color_net.make_spec(use_spatial=False, memory={"memorize_every": 0})
    return Tracker(spec, {})


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """A folder of frames, 000.png to 007.png."""
    folder = tmp_path_factory.mktemp("clip")
    for index, frame in enumerate(FRAMES):
        cv2.imwrite(str(folder / f"{index:03d}.png"), frame[..., ::-1])
    (folder / "notes.txt").write_text("no frame")
    return folder


@pytest.fixture(scope="session")
def first_mask(tmp_path_factory):
    path = tmp_path_factory.mktemp("mask") / "first.png"
    images.write_mask(path, MASKS[0].astype(np.uint8))
    return path


@pytest.fixture
def run(capfd, monkeypatch, tracker, first_mask):
    """The command; without another start it gets the mask of the first frame."""
    monkeypatch.setattr(command, "load_tracker", lambda flags: tracker)
    # The command keeps compiled programs on disk: not those of the tests.
    monkeypatch.setattr(compilation, "keep_compiled", lambda: None)
    monkeypatch.setenv("OPENCV_FFMPEG_LOGLEVEL", "-8")  # And undone afterwards.

    def run(video, *words):
        words = [str(word) for word in words]
        if not any(word.startswith(("--box=", "--mask=")) for word in words):
            words.append(f"--mask={first_mask}")
        status = command.main([str(video), *words])
        return status, *capfd.readouterr()

    return run
