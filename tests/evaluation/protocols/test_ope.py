"""One-pass runs, their files and the archives made of them."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from samn_jax.data.formats import boxes
from samn_jax.data.formats import vot_regions as regions
from samn_jax.errors import InputError
from samn_jax.evaluation import stopwatch
from samn_jax.evaluation.protocols import ope
from samn_jax.evaluation.scores import ope as ope_scores

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
    track = ope.run_ope(Shifted(), _sequence(), stopwatch.Stopwatch())
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
    np.testing.assert_array_equal(ope.box_or_last(lost, last), last)


def _run(protocol, tracker, sequence, results_dir):
    """The protocol's run, with a tracker of regions in place of one of masks."""
    watch = stopwatch.Stopwatch()
    (path,) = protocol.result_files(sequence, results_dir)
    ope.run_to_file(tracker, sequence, path, protocol.seconds_file(path), watch)
    return path, watch


def test_files_of_otb_and_trackingnet(tmp_path):
    tracker = Shifted()
    path, watch = _run(ope.OPE, tracker, _sequence(), tmp_path)
    assert path == tmp_path / "video.txt"
    assert path.read_text().splitlines()[1] == "2.000,2.000,6.000,4.000"
    times = (tmp_path / "times" / "video_time.txt").read_text().split()
    assert len(times) == 5
    assert (len(watch.starts), len(watch.steps)) == (1, 4)
    _, watch = _run(ope.OPE, tracker, _sequence(), tmp_path)
    assert tracker.num_starts == 1 and not watch.starts
    path.write_text("1,2,3")  # Damaged: it is made again.
    _run(ope.OPE, tracker, _sequence(), tmp_path)
    assert tracker.num_starts == 2
    scores = ope_scores.score_otb([_sequence()], tmp_path)
    assert scores.metrics["precision"] == 1.0


def test_files_of_got10k(tmp_path):
    path, _ = _run(ope.GOT10K_OPE, Shifted(), _sequence("a"), tmp_path)
    assert path == tmp_path / "a" / "a_001.txt"
    assert len((tmp_path / "a" / "a_time.txt").read_text().split()) == 5
    scores = ope_scores.score_got10k((_sequence("a"),), tmp_path)
    assert scores.metrics["AO"] == pytest.approx((3 * 5 / 7 + 1) / 4)


def test_no_file_lies_outside_the_results(tmp_path):
    for name in ("../video", "/video", "a/../../video"):
        with pytest.raises(InputError, match="lies outside"):
            ope.OPE.result_files(_sequence(name), tmp_path / "results")
