"""The design of the examples keeps the promises of one, and its own."""

from samn_jax.memory import check
from tests.examples import loading
from tests.memory import frames

Sizes = loading.load("sizes").Sizes


class TestSizes(check.DesignChecks):
    design = Sizes(capacity=4)


def areas_kept(design, areas):
    """Areas of the frames that are remembered at the end, sorted."""
    start = frames.numbered(0, given=True, area=float(areas[0]))
    entries = [
        frames.numbered(number, found=True, due=True, certain=True, area=float(area))
        for number, area in enumerate(areas[1:], start=1)
    ]
    slots = frames.track(design, entries, start=start)[-1]
    return sorted(areas[number] for number in frames.held(slots)[-1])


def test_frames_of_other_sizes_stay():
    # First frame and last one: 100. Twenty frames of 100, and one each of 25 and 400.
    areas = [100] * 22
    areas[7], areas[11] = 25, 400
    assert areas_kept(Sizes(capacity=4), areas) == [25, 100, 100, 400]


def test_frames_of_like_sizes_do_not_come_in():
    assert areas_kept(Sizes(capacity=4, least=0.1), [100] * 9) == [100, 100]
    assert len(areas_kept(Sizes(capacity=4), [100] * 9)) == 4
