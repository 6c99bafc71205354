"""What a picture of a result shows, and what is compiled for a video."""

import numpy as np
import pytest

from samn_jax.data.formats import boxes, vot_results
from samn_jax.data.formats import vot_regions as regions
from samn_jax.data.readers import vot
from samn_jax.evaluation.protocols import ope, vot_multistart, vot_supervised
from samn_jax.evaluation.trackers import interface, warm_up

SIZE_HW = (20, 30)
BOX = np.array([4.0, 5, 6, 7])
INSIDE = np.zeros(SIZE_HW, np.uint8)
INSIDE[5:12, 4:10] = 1


def _vot(truth, **anchors):
    return vot.VotSequence(
        name="made",
        frame_names=("0", "1", "2"),
        read_frame=lambda index: np.zeros((*SIZE_HW, 3), np.uint8),
        read_mask=lambda index: None,
        groundtruth=(truth,) * 3,
        size_hw=SIZE_HW,
        **anchors,
    )


def test_boxes_and_their_truth_are_shown(tmp_path):
    frames = tuple(tmp_path / f"{k}.png" for k in range(3))
    video = boxes.box_sequence("a", frames, BOX[None], size_hw=SIZE_HW)
    boxes.write_boxes(tmp_path / "a.txt", np.stack([BOX, BOX, BOX + 1]))
    first = ope.OPE.show(video, 0, tmp_path)
    np.testing.assert_array_equal(first.result, INSIDE)
    np.testing.assert_array_equal(first.truth, INSIDE)
    last = ope.OPE.show(video, 2, tmp_path)
    assert last.truth is None and last.result.sum() == 7 * 8
    program = ope.OPE.program(video, interface.Request("box", "box"))
    assert program == warm_up.Program(SIZE_HW, from_mask=False)


def test_a_failure_of_a_supervised_run_shows_nothing(tmp_path):
    path = vot_results.repetition_path(tmp_path / "baseline", "made", 1)
    trajectory = (regions.code(1), BOX, regions.code(2))
    vot_results.write_trajectory(path, trajectory)
    shown = [
        vot_supervised.VOT_SUPERVISED.show(_vot(BOX), index, tmp_path)
        for index in range(3)
    ]
    assert [one.result is None for one in shown] == [True, False, True]
    np.testing.assert_array_equal(shown[1].result, INSIDE)
    np.testing.assert_array_equal(shown[2].truth, INSIDE)


def test_the_run_from_the_first_anchor_is_shown_where_it_went(tmp_path):
    video = _vot(BOX, forward_anchors=(1,))
    path = vot_results.anchor_path(tmp_path / "baseline", "made", 1)
    vot_results.write_trajectory(path, (regions.code(1), BOX))
    shown = [
        vot_multistart.VOT_MULTISTART.show(video, index, tmp_path).result
        for index in range(3)
    ]
    assert shown[0] is None and shown[1] is None
    np.testing.assert_array_equal(shown[2], INSIDE)


@pytest.mark.parametrize(("start", "from_mask"), [("mask", True), ("box", False)])
def test_masks_are_started_from_unless_boxes_are_asked_for(start, from_mask):
    truth = regions.crop_mask(INSIDE > 0)
    video = _vot(truth, forward_anchors=(0,))
    request = interface.Request(start, "mask")
    program = vot_multistart.VOT_MULTISTART.program(video, request)
    assert program == warm_up.Program(SIZE_HW, from_mask)
