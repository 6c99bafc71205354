"""A tracker of masks in the form that the region runners drive."""

import types

import numpy as np
import pytest

from samn_jax.data.formats import vot_regions as regions
from samn_jax.evaluation.trackers import interface
from samn_jax.evaluation.trackers import regions as region_trackers

FRAME = np.zeros((20, 30, 3), np.uint8)
BOX = np.array([2.0, 3, 6, 4])


class Fake:
    """Answers the same object in every frame and keeps what it was started with."""

    def init(self, frame, **start):
        self.start = start
        return 0, self._output()

    def step(self, state, frame):
        return state + 1, self._output()

    def _output(self):
        mask = np.zeros(FRAME.shape[:2], np.float32)
        mask[3:7, 2:8], mask[10, 10] = 0.9, 0.4
        corners = np.array([[2, 3], [8, 3], [8, 7], [2, 7]], np.float32)
        return types.SimpleNamespace(
            mask=mask, polygon=corners, box_xywh=BOX.astype(np.float32)
        )


@pytest.mark.parametrize("answer", interface.ANSWERS)
def test_each_form_of_answer_covers_the_object(answer):
    tracker = region_trackers.VideoRegionTracker(
        Fake(), interface.Request(answer=answer)
    )
    state = tracker.init(FRAME, BOX)
    state, region = tracker.step(state, FRAME)
    assert state == 1
    assert isinstance(region, regions.MaskRegion) == (answer == "mask")
    np.testing.assert_array_equal(regions.bounding_box(region), BOX)
    assert regions.parse_region(regions.format_region(region)) is not None


def test_it_starts_from_a_mask_or_an_upright_box():
    fake = Fake()
    tracker = region_trackers.VideoRegionTracker(fake)
    tracker.init(FRAME, regions.MaskRegion(2, 3, np.ones((4, 6), bool)))
    assert fake.start["mask"].sum() == 24 and fake.start["mask"].shape == (20, 30)
    boxed = region_trackers.VideoRegionTracker(fake, interface.Request(start="box"))
    boxed.init(FRAME, regions.MaskRegion(2, 3, np.ones((4, 6), bool)))
    assert fake.start == {"box_xywh": (2.0, 3.0, 6.0, 4.0)}
    tracker.init(FRAME, BOX)
    assert fake.start == {"box_xywh": (2.0, 3.0, 6.0, 4.0)}
    # A square on its tip, half the area of its bounding box.
    tip = np.array([10.0, 6, 14, 10, 10, 14, 6, 10])
    tracker.init(FRAME, tip)
    x, y, width, height = fake.start["box_xywh"]
    assert (x + width / 2, y + height / 2) == pytest.approx((10, 10))
    assert width * height == pytest.approx(32) and width == pytest.approx(height)


def test_a_fitted_answer_is_the_upright_box_of_the_rotated_one():
    # A square on its tip, half the area of its bounding box.
    corners = np.array([[10.0, 6], [14, 10], [10, 14], [6, 10]])
    output = types.SimpleNamespace(polygon=corners)
    region = region_trackers.answered_region(output, "fitted")
    side = np.sqrt(32)
    expected = [10 - side / 2, 10 - side / 2, side, side]
    np.testing.assert_allclose(region, expected)


def test_an_answer_that_is_no_number_is_no_region():
    output = types.SimpleNamespace(polygon=np.full((4, 2), np.nan), box_xywh=BOX)
    for answer in ("polygon", "fitted"):
        assert regions.is_code(region_trackers.answered_region(output, answer))
