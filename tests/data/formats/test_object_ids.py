import cv2
import numpy as np
import pytest

from samn_jax.data.formats import codecs, object_ids, palette

IDS = np.zeros((24, 32), np.uint8)
IDS[4:12, 5:20] = 1
IDS[14:20, 8:30] = 2


def from_gray(levels):
    return object_ids.from_stored(codecs.Stored(np.asarray(levels).astype(np.uint8)))


def from_indices(indices):
    pixels = np.asarray(indices).astype(np.uint8)
    return object_ids.from_stored(codecs.Stored(pixels, palette.davis_palette()))


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (IDS, IDS),
        (IDS // 2, IDS // 2),
        (IDS * 16, IDS * 16),
        ((IDS > 0) * 255, IDS > 0),
        ((IDS > 0) * 100, IDS > 0),
        (IDS * 0, IDS * 0),
        (IDS * 0 + 255, IDS * 0 + 1),  # an object that fills the frame
    ],
)
def test_gray_levels(stored, expected):
    np.testing.assert_array_equal(from_gray(stored), expected)


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        (IDS * 64, "0, 64, 128"),
        (np.array([0, 64, 192])[IDS], "0, 64, 192"),
        (np.array([64, 192, 192])[IDS], "64, 192"),
        (np.array([0, 1, 255])[IDS], "0, 1, 255"),
        (np.array([0, 240, 255])[IDS], "0, 240, 255"),
    ],
)
def test_levels_that_may_be_several_objects_are_named(stored, named):
    with pytest.raises(ValueError, match=f"has gray levels {named}"):
        from_gray(stored)


@pytest.mark.parametrize("reach", [3, 9, 25])
def test_a_smoothed_mask_is_one_object(reach):
    sharp = cv2.resize(IDS, (320, 240), interpolation=cv2.INTER_NEAREST) > 0
    soft = cv2.GaussianBlur(sharp.astype(np.uint8) * 255, (reach, reach), 0)
    np.testing.assert_array_equal(from_gray(soft), soft >= 128)
    agreed = (from_gray(soft) > 0) == sharp
    assert agreed.mean() > 0.97


def test_a_mask_saved_as_jpeg_is_one_object():
    sharp = cv2.resize(IDS, (320, 240), interpolation=cv2.INTER_NEAREST) > 0
    data = cv2.imencode(".jpg", sharp * np.uint8(255))[1].tobytes()
    found = object_ids.from_stored(codecs.decode_stored(data))
    assert ((found > 0) == sharp).mean() > 0.995


def test_a_gray_object_among_smoothed_ones_is_named():
    # Were it thresholded, the object of level 90 would be lost without a word.
    levels = np.array([0, 90, 255], np.uint8)[IDS]
    soft = cv2.GaussianBlur(cv2.resize(levels, (320, 240)), (5, 5), 0)
    assert len(np.unique(soft)) > 20
    with pytest.raises(ValueError, match="has gray levels 90, which"):
        from_gray(soft)


def test_indices_are_ids_and_255_beside_them_is_void():
    np.testing.assert_array_equal(from_indices(IDS), IDS)
    stored = IDS.copy()
    stored[:3] = 255
    np.testing.assert_array_equal(from_indices(stored), IDS)
    np.testing.assert_array_equal(from_indices((IDS > 0) * 255), IDS > 0)


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        (np.array([0, 2, 40])[IDS], "40"),
        (np.array([64, 192, 192])[IDS], "64, 192"),
        (np.array([0, 100, 255])[IDS], "100"),
    ],
)
def test_indices_that_are_no_ids_are_named(stored, named):
    with pytest.raises(ValueError, match=f"has indices {named}, beyond 32 objects"):
        from_indices(stored)


def test_the_background_of_a_palette_is_black():
    bright = codecs.Stored(IDS, np.full((3, 3), 255, np.uint8))
    with pytest.raises(ValueError, match="index 0 isn't black"):
        object_ids.from_stored(bright)


def test_davis_colors_become_ids():
    rgb = palette.davis_palette()[IDS * np.uint8(3)]
    np.testing.assert_array_equal(object_ids.from_stored(codecs.Stored(rgb)), IDS * 3)
    other = rgb.copy()
    other[0, 0] = (1, 2, 3)
    with pytest.raises(ValueError, match="colors that aren't"):
        object_ids.from_stored(codecs.Stored(other))


def test_three_equal_channels_are_gray():
    gray = (IDS > 0) * np.uint8(255)
    stored = codecs.Stored(np.dstack([gray] * 3))
    np.testing.assert_array_equal(object_ids.from_stored(stored), IDS > 0)
    np.testing.assert_array_equal(object_ids.gray_of(stored), gray)
