"""Region lines survive the way to a file and back; bad ones are named."""

import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data.formats import vot_regions


def _mask(seed: int, size_hw=(30, 40)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mask = rng.random(size_hw) < 0.4
    mask[:5], mask[:, 33:] = False, False
    return mask


@pytest.mark.parametrize(
    ("line", "size"),
    [("1", 1), ("1.5000,2.0000,30.2500,4.0000", 4), ("0," * 7 + "3", 8)],
)
def test_numbers_keep_their_values(line, size):
    region = vot_regions.parse_region(line)
    assert len(region) == size
    again = vot_regions.parse_region(vot_regions.format_region(region))
    np.testing.assert_array_equal(again, region)


def test_lines_are_those_of_the_toolkit():
    assert vot_regions.format_region(vot_regions.code(vot_regions.FAILED)) == "2"
    box = np.array([1.0, 2.5, 3.00004, 4.0])
    assert vot_regions.format_region(box) == "1.0000,2.5000,3.0000,4.0000"
    # Columns 2-4 and rows 1-2, with a hole: one pixel on, one off, four on.
    mask = np.zeros((4, 6), bool)
    mask[1:3, 2:5] = True
    mask[1, 3] = False
    assert vot_regions.format_region(vot_regions.crop_mask(mask)) == "m2,1,3,2,0,1,1,4"


def test_tabs_and_spaces_separate_too():
    for line in ("51\t47\t25\t62", " 51 47 25 62 ", "51, 47, 25, 62"):
        np.testing.assert_array_equal(vot_regions.parse_region(line), [51, 47, 25, 62])


def test_random_masks_keep_every_pixel():
    for seed in range(10):
        mask = _mask(seed)
        region = vot_regions.parse_region(
            vot_regions.format_region(vot_regions.crop_mask(mask))
        )
        np.testing.assert_array_equal(vot_regions.paste_mask(region, mask.shape), mask)


def test_an_empty_mask_keeps_being_empty():
    empty = vot_regions.crop_mask(np.zeros((5, 7), bool))
    line = vot_regions.format_region(empty)
    again = vot_regions.parse_region(line)
    assert again.pixels.size == 0
    assert not vot_regions.paste_mask(again, (5, 7)).any()


def test_run_lengths_may_leave_out_the_last_background():
    region = vot_regions.parse_region("m0,0,4,2,1,2")
    np.testing.assert_array_equal(
        region.pixels, [[False, True, True, False], [False] * 4]
    )


def test_pixels_past_the_image_are_dropped():
    region = vot_regions.MaskRegion(-2, 3, np.ones((4, 5), bool))
    mask = vot_regions.paste_mask(region, (5, 6))
    expected = np.zeros((5, 6), bool)
    expected[3:5, 0:3] = True
    np.testing.assert_array_equal(mask, expected)
    outside = vot_regions.MaskRegion(10, 10, np.ones((2, 2), bool))
    assert not vot_regions.paste_mask(outside, (5, 6)).any()


def test_corners_fill_up_short_polygons_and_mark_codes():
    triangle = np.array([0.0, 0, 4, 0, 4, 4])
    table = vot_regions.corners(
        [np.array([1.0, 1, 2, 3]), triangle, vot_regions.code(2)]
    )
    assert table.shape == (3, 4, 2)
    np.testing.assert_array_equal(table[0], [[1, 1], [3, 1], [3, 4], [1, 4]])
    np.testing.assert_array_equal(table[1, 2:], [[4, 4], [4, 4]])
    assert np.isnan(table[2]).all()


def test_bounding_box_of_each_kind():
    np.testing.assert_array_equal(
        vot_regions.bounding_box(np.array([0.0, 2, 4, 0, 5, 7])), [0, 0, 5, 7]
    )
    mask = vot_regions.MaskRegion(3, 2, np.ones((4, 5), bool))
    np.testing.assert_array_equal(vot_regions.bounding_box(mask), [3, 2, 5, 4])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,3", "3 numbers"),
        ("", "0 numbers"),
        ("1,nan,3,4", "nan"),
        ("NaN,NaN,NaN,NaN", "nan"),
        ("7", "code 7"),
        ("a,b,c,d", "must be numbers"),
        ("m1,2,3", "needs x, y"),
        ("m0,0,2,2,1,9", "other pixels than its window, 2x2"),
        ("m0,0,2,x", "whole numbers"),
    ],
)
def test_bad_lines_are_named_with_file_and_line(tmp_path, line, message):
    path = tmp_path / "result.txt"
    path.write_text(f"1\n{line}\n5,5,5,5\n")
    with pytest.raises(errors.InputError, match=message) as caught:
        vot_regions.read_regions(path)
    assert f"{path}, line 2: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_keep_their_regions_and_unreadable_ones_are_named(tmp_path):
    path = tmp_path / "deep" / "result.txt"
    written = [
        vot_regions.code(1),
        np.array([1.0, 2, 3, 4]),
        vot_regions.crop_mask(_mask(0)),
    ]
    vot_regions.write_regions(path, written)
    read = vot_regions.read_regions(path)
    assert [vot_regions.format_region(r) for r in read] == [
        vot_regions.format_region(r) for r in written
    ]
    assert [p.name for p in path.parent.iterdir()] == ["result.txt"]
    with pytest.raises(errors.InputError, match="missing.txt is missing"):
        vot_regions.read_regions(tmp_path / "missing.txt")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(errors.InputError, match="isn't text in UTF-8"):
        vot_regions.read_regions(path)


def test_masks_that_are_too_large_together_are_refused(tmp_path):
    line = "m0,0,10000,10000,1\n"  # a hundred million pixels, none of them touched
    most = vot_regions.MAX_FILE_PIXELS // 10**8
    path = tmp_path / "groundtruth.txt"
    path.write_text(line * (most + 1))
    with pytest.raises(
        errors.InputError, match=rf"line {most + 1}: .* too large together"
    ):
        vot_regions.read_regions(path)
