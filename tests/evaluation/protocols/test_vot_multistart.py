"""The multi-start runner and the scores of what it writes."""

import dataclasses

import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data.formats import vot_regions as regions
from samn_jax.data.readers import vot
from samn_jax.evaluation import stopwatch
from samn_jax.evaluation.protocols import vot_multistart
from samn_jax.evaluation.scores import vot_multistart as multistart_scores

SIZE_HW = (30, 40)
NUM_FRAMES = 30


def _truth(index: int) -> regions.MaskRegion:
    return regions.MaskRegion(index, 5, np.ones((8, 10), bool))


def _frame(index: int) -> np.ndarray:
    return np.full((*SIZE_HW, 3), index, np.uint8)


def _sequence(**changes) -> vot.VotSequence:
    sequence = vot.VotSequence(
        name="made",
        frame_names=tuple(str(k) for k in range(NUM_FRAMES)),
        read_frame=_frame,
        read_mask=lambda index: None,
        groundtruth=tuple(_truth(k) for k in range(NUM_FRAMES)),
        size_hw=SIZE_HW,
        forward_anchors=(0, 10),
        backward_anchors=(29,),
    )
    return dataclasses.replace(sequence, **changes)


def _run_anchors(tracker, sequence, results_dir):
    watch = stopwatch.Stopwatch()
    return vot_multistart.run_anchors(tracker, sequence, results_dir, watch)


class Perfect:
    """Knows the truth; loses the target from frame 15 on when tracking forward."""

    def __init__(self, loses=False):
        self.loses, self.seen = loses, []

    def init(self, frame, region):
        self.seen.append([int(frame[0, 0, 0])])
        np.testing.assert_array_equal(region.pixels, _truth(0).pixels)
        return None

    def step(self, state, frame):
        number = int(frame[0, 0, 0])
        self.seen[-1].append(number)
        forward = number > self.seen[-1][0]
        if self.loses and forward and number >= 15:
            return state, regions.crop_mask(np.zeros(SIZE_HW, bool))
        return state, _truth(number)


def test_each_anchor_is_tracked_to_its_end_of_the_video(tmp_path):
    tracker = Perfect()
    paths = _run_anchors(tracker, _sequence(), tmp_path)
    assert [path.name for path in paths] == [
        "made_00000000.txt",
        "made_00000010.txt",
        "made_00000029.txt",
    ]
    assert tracker.seen == [
        list(range(30)),
        list(range(10, 30)),
        list(range(29, -1, -1)),
    ]
    lines = paths[2].read_text().splitlines()
    assert lines[0] == "1" and lines[1].startswith("m28,5,10,8,0,80")
    assert len(paths[1].with_name("made_00000010_time.value").read_text().split()) == 20
    again = Perfect()
    _run_anchors(again, _sequence(), tmp_path)
    assert not again.seen, "finished runs are kept"


def test_scores_of_a_tracker_that_loses_its_target_on_the_way(tmp_path):
    _run_anchors(Perfect(loses=True), _sequence(), tmp_path)
    scores = multistart_scores.score_multistart([_sequence()], tmp_path)
    # Tracked: 15 of 30, 5 of 20, 30 of 30 frames; nothing is predicted in the first.
    assert scores.metrics["R"] == pytest.approx(50 / 80)
    assert scores.metrics["A"] == pytest.approx((50 - 3) / 50)
    assert scores.sequences["made"] == pytest.approx(
        {"A": scores.metrics["A"], "R": scores.metrics["R"]}
    )
    # Past the video only the failed runs count: 14 and 4 frames of overlap 1.
    lengths = np.arange(115, 755) - 1
    assert scores.metrics["EAO"] == pytest.approx(np.mean(9 / lengths))


@pytest.mark.parametrize(
    ("region", "truth", "expected"),
    [
        (np.array([5.0, 5, 10, 8]), _truth(5), 1.0),
        # Columns 8-17 against 5-14: 7 of 13.
        (np.array([7.6, 5.4, 10.4, 7.6]), _truth(5), 7 / 13),
        (np.array([35.0, 5, 10, 8]), _truth(35), 1.0),  # both cut at the border
        (np.array([5.0, 5, 14, 5, 14, 12, 5, 12]), _truth(5), 1.0),
        (_truth(-4), _truth(-4), 1.0),
        (_truth(20), _truth(5), 0.0),
        (_truth(-20), _truth(-20), 0.0),  # outside
        (regions.code(0), _truth(5), 0.0),
        (regions.code(0), regions.crop_mask(np.zeros(SIZE_HW, bool)), 1.0),
    ],
)
def test_overlap_of_regions(region, truth, expected):
    overlap = multistart_scores.region_overlap(region, truth, size_hw=SIZE_HW)
    assert overlap == pytest.approx(expected)


def test_overlap_equals_that_of_whole_masks_on_random_regions():
    rng = np.random.default_rng(0)
    for _ in range(50):
        pair = [
            regions.MaskRegion(
                *rng.integers(-8, 35, 2).tolist(),
                rng.random(rng.integers(1, 20, 2)) < 0.7,
            )
            for _ in range(2)
        ]
        first, second = (regions.paste_mask(region, SIZE_HW) for region in pair)
        union = np.count_nonzero(first | second)
        expected = np.count_nonzero(first & second) / union if union else 0.0
        overlap = multistart_scores.region_overlap(*pair, size_hw=SIZE_HW)
        assert overlap == pytest.approx(expected)


def test_sequences_without_usable_anchors_are_named(tmp_path):
    bare = _sequence(forward_anchors=(), backward_anchors=())
    with pytest.raises(errors.InputError, match="made has no anchor.value"):
        _run_anchors(Perfect(), bare, tmp_path)
    hidden = list(_sequence().groundtruth)
    hidden[10] = regions.crop_mask(np.zeros(SIZE_HW, bool))
    with pytest.raises(errors.InputError, match="anchor 10 in a frame without"):
        vot_multistart.anchor_runs(_sequence(groundtruth=tuple(hidden)))


@pytest.mark.parametrize(
    ("number", "line", "message"),
    [
        (0, "1,1,2,2", "line 1: must be 1"),
        (4, "2", "line 5: a restart or failure"),
        (29, None, "has 29 lines but the run has 30 frames"),
    ],
)
def test_results_of_another_protocol_are_named(tmp_path, number, line, message):
    path = _run_anchors(Perfect(), _sequence(), tmp_path)[0]
    lines = path.read_text().splitlines()
    lines[number : number + 1] = [] if line is None else [line]
    path.write_text("\n".join(lines))
    with pytest.raises(errors.InputError, match=f"made_00000000.txt.*{message}"):
        multistart_scores.score_multistart([_sequence()], tmp_path)
    path.unlink()
    with pytest.raises(errors.InputError, match="made_00000000.txt is missing"):
        multistart_scores.score_multistart([_sequence()], tmp_path)
