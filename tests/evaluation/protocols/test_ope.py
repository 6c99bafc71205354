"""One-pass runs, their files and the archives made of them."""

import dataclasses
import zipfile
from pathlib import Path

import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data.formats import boxes
from samn_jax.data.formats import vot_regions as regions
from samn_jax.evaluation.protocols import ope as one_pass
from samn_jax.evaluation.scores import ope as sot_scoring

TRUTHS = np.array([[k, 2.0, 6.0, 4.0] for k in range(5)])


def _sequence(name="video") -> boxes.BoxSequence:
    sequence = boxes.box_sequence(
        name,
        tuple(Path(f"{k:04d}.jpg") for k in range(5)),
        TRUTHS,
        size_hw=(20, 30),
    )
    return dataclasses.replace(sequence, read_frame=_frame)


def _frame(index: int) -> np.ndarray:
    return np.full((20, 30, 3), index, np.uint8)


class Shifted:
    """Answers the truth, one pixel to the right; nothing in frame 3."""

    def __init__(self):
        self.num_starts = 0

    def init(self, frame, region):
        self.num_starts += 1
        np.testing.assert_array_equal(region, TRUTHS[0])
        return 0

    def step(self, state, frame):
        state += 1
        assert frame[0, 0, 0] == state
        if state == 3:
            return state, regions.crop_mask(np.zeros((20, 30), bool))
        x, y, width, height = TRUTHS[state] + np.array([1, 0, 0, 0])
        if state == 4:  # the same box as a polygon
            right, low = x + width, y + height
            return state, np.array([x, y, right, y, right, low, x, low])
        return state, np.array([x, y, width, height])


def test_a_track_begins_with_the_given_box_and_keeps_it_where_nothing_is_found():
    track = one_pass.run_one_pass(Shifted(), _sequence())
    expected = TRUTHS + np.array([1.0, 0, 0, 0])
    expected[0] = TRUTHS[0]
    expected[3] = expected[2]
    np.testing.assert_array_equal(track.boxes_xywh, expected)
    assert track.seconds.shape == (5,) and (track.seconds > 0).all()


@pytest.mark.parametrize(
    "lost", [np.zeros(4), np.zeros(8), regions.code(0), np.array([3.0, 4, 0, 2])]
)
def test_a_region_without_extent_keeps_the_last_box(lost):
    last = np.array([1.0, 2, 3, 4])
    np.testing.assert_array_equal(one_pass.box_or_last(lost, last), last)


def test_files_of_otb_and_trackingnet(tmp_path):
    tracker = Shifted()
    path = one_pass.run_to_file(tracker, _sequence(), tmp_path)
    assert path == tmp_path / "video.txt"
    assert path.read_text().splitlines()[1] == "2.000,2.000,6.000,4.000"
    times = (tmp_path / "times" / "video_time.txt").read_text().split()
    assert len(times) == 5
    one_pass.run_to_file(tracker, _sequence(), tmp_path)
    assert tracker.num_starts == 1
    scores = sot_scoring.score_otb([_sequence()], tmp_path)
    assert scores.metrics["precision"] == 1.0


def test_files_and_archive_of_got10k(tmp_path):
    sequences = (_sequence("a"), _sequence("b"))
    for sequence in sequences:
        one_pass.run_to_got10k(Shifted(), sequence, tmp_path / "results")
    archive = one_pass.write_submission(
        tmp_path / "results", sequences, tmp_path / "out.zip"
    )
    with zipfile.ZipFile(archive) as packed:
        assert packed.namelist() == [
            "a/a_001.txt",
            "a/a_time.txt",
            "b/b_001.txt",
            "b/b_time.txt",
        ]
        assert len(packed.read("b/b_001.txt").split()) == 5
    before = archive.read_bytes()
    one_pass.write_submission(tmp_path / "results", sequences, archive)
    assert archive.read_bytes() == before
    scores = sot_scoring.score_got10k(sequences, tmp_path / "results")
    assert scores.metrics["AO"] == pytest.approx((3 * 5 / 7 + 1) / 4)


def test_an_archive_of_trackingnet_has_the_boxes_alone(tmp_path):
    one_pass.run_to_file(Shifted(), _sequence(), tmp_path)
    archive = one_pass.write_submission(
        tmp_path, (_sequence(),), tmp_path / "out" / "submission.zip"
    )
    with zipfile.ZipFile(archive) as packed:
        assert packed.namelist() == ["video.txt"]


def test_an_archive_needs_every_video_whole(tmp_path):
    with pytest.raises(errors.InputError, match="no boxes of video"):
        one_pass.write_submission(tmp_path, (_sequence(),), tmp_path / "out.zip")
    (tmp_path / "video.txt").write_text("1,1,1,1\n")
    with pytest.raises(errors.InputError, match="has 1 boxes for 5 frames"):
        one_pass.write_submission(tmp_path, (_sequence(),), tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()
