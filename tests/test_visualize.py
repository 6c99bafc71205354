import cv2
import numpy as np
import pytest

from samn_jax import visualize
from samn_jax.data.formats import palette

FRAME = np.random.default_rng(0).integers(60, 200, (40, 60, 3), np.uint8)


def _square(value=1):
    ids = np.zeros((40, 60), np.uint8)
    ids[10:30, 20:50] = value
    return ids


def test_overlay_tints_inside_and_leaves_the_rest():
    picture = visualize.overlay_mask(FRAME, _square(2))
    outside = np.ones((40, 60), bool)
    outside[8:32, 18:52] = False  # The outline may reach one pixel out.
    np.testing.assert_array_equal(picture[outside], FRAME[outside])
    inside = picture[14:26, 24:46].astype(float)
    green = palette.davis_palette()[2]
    expected = 0.55 * FRAME[14:26, 24:46] + 0.45 * green
    np.testing.assert_allclose(inside, expected, atol=1)
    assert picture[10, 30].tolist() == [0, 255, 0]


def test_overlay_draws_the_true_outline_in_white():
    picture = visualize.overlay_mask(FRAME, _square(0), truth=_square(1))
    assert picture[10, 30].tolist() == [255, 255, 255]
    np.testing.assert_array_equal(picture[15:25, 25:45], FRAME[15:25, 25:45])


def test_overlay_leaves_its_input_alone():
    before = FRAME.copy()
    visualize.overlay_mask(FRAME, _square(), truth=_square())
    np.testing.assert_array_equal(FRAME, before)


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (3, 1), (4, 2)])
def test_contact_sheet_places_pictures_row_by_row(count, rows):
    pictures = [np.full((20, 30, 3), 50 + 40 * i, np.uint8) for i in range(count)]
    sheet = visualize.contact_sheet(pictures, ["x"] * count, num_columns=3)
    height = sheet.shape[0] // rows
    assert sheet.shape[1] == 90
    for i in range(count):
        bottom, left = (i // 3 + 1) * height, 30 * (i % 3)
        tile = sheet[bottom - 20 : bottom, left : left + 30]
        np.testing.assert_array_equal(tile, pictures[i])
        assert sheet[bottom - height : bottom - 20, left : left + 30].max() > 100


def test_shrink_keeps_proportions_and_ids():
    assert visualize.shrink(FRAME, 30).shape == (20, 30, 3)
    assert visualize.shrink(FRAME, 100) is FRAME
    assert set(np.unique(visualize.shrink(_square(5), 17))) == {0, 5}


def test_encoded_picture_comes_back():
    data = np.frombuffer(visualize.encode(FRAME), np.uint8)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
    np.testing.assert_array_equal(decoded, FRAME)
