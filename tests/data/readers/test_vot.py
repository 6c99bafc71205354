"""The VOT reader on made-up sequences in the toolkit's layout."""

import cv2
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data.formats import vot_regions
from samn_jax.data.readers import vot

LINES = ["1,1,4,4", "2,1,4,4", "3,1,4,4"]


def _write(folder, lines=LINES, description="length=3\nwidth=20\nheight=10\n"):
    folder.mkdir(parents=True)
    (folder / "groundtruth.txt").write_text("\n".join(lines) + "\n")
    if description:
        (folder / "sequence").write_text(description)
    return folder


def test_sequences_come_in_the_order_of_the_list(tmp_path):
    for name in ("alpha", "beta", "gamma"):
        _write(tmp_path / "sequences" / name)
    dataset = vot.read_vot(tmp_path, "vot2018")
    assert [s.name for s in dataset.sequences] == ["alpha", "beta", "gamma"]
    (tmp_path / "sequences" / "list.txt").write_text("gamma\nalpha\n")
    dataset = vot.read_vot(tmp_path / "sequences")
    assert [s.name for s in dataset.sequences] == ["gamma", "alpha"]


def test_a_sequence_has_its_size_regions_and_first_box(tmp_path):
    _write(tmp_path / "a", ["1,1,4,1,4,5,1,5", *LINES[1:]])
    (sequence,) = vot.read_vot(tmp_path).sequences
    assert sequence.size_hw == (10, 20)
    assert sequence.num_frames == 3
    assert sequence.frame_names == ("00000001", "00000002", "00000003")
    assert sequence.init_box_xywh == (1, 1, 3, 4)
    assert sequence.mask(0) is None
    with pytest.raises(errors.InputError, match="00000002.jpg is missing"):
        sequence.frame(1)


def test_unknown_sizes_of_published_sets_are_taken_and_larger_ones_refused(tmp_path):
    folder = _write(tmp_path / "a", description="width=100000\nheight=100000\n")
    assert vot.read_vot(tmp_path).sequences[0].size_hw == (100_000, 100_000)
    (folder / "sequence").write_text("width=100001\nheight=10\n")
    with pytest.raises(errors.InputError, match="10 pixels high and 100001 wide"):
        vot.read_vot(tmp_path)


def test_frames_are_read_by_the_pattern_and_give_the_size(tmp_path):
    folder = _write(tmp_path / "a", description="channels.color=img/%04d.png\n")
    (folder / "img").mkdir()
    image = np.zeros((6, 8, 3), np.uint8)
    image[..., 2] = 200  # OpenCV's order: this is red
    for k in (1, 2, 3):
        cv2.imwrite(str(folder / "img" / f"{k:04d}.png"), image)
    (sequence,) = vot.read_vot(tmp_path).sequences
    assert sequence.size_hw == (6, 8)
    assert sequence.frame(2)[0, 0].tolist() == [200, 0, 0]


def test_masks_and_anchors_of_vot2020(tmp_path):
    mask = np.zeros((10, 20), bool)
    mask[2:5, 3:9] = True
    line = vot_regions.format_region(vot_regions.crop_mask(mask))
    folder = _write(tmp_path / "a", [line] * 3)
    (folder / "anchor.value").write_text("1\n0\n-1\n")
    (sequence,) = vot.read_vot(tmp_path).sequences
    np.testing.assert_array_equal(sequence.mask(1), mask.astype(np.uint8))
    assert sequence.init_box_xywh == (3, 2, 6, 3)
    assert sequence.forward_anchors == (0,)
    assert sequence.backward_anchors == (2,)


@pytest.mark.parametrize(
    ("lines", "anchors", "message"),
    [
        (LINES[:2], None, "groundtruth.txt has 2 lines for 3 frames"),
        (["1,1,4,4", "1,nan,4,4", "1,1,4,4"], None, "groundtruth.txt, line 2"),
        (["0", *LINES[1:]], None, "line 1: the first frame needs a region"),
        (LINES, "1\n0\n0\n1\n", "anchor.value has 4 lines for 3 frames"),
        (LINES, "one\n", "anchor.value must hold a number"),
    ],
)
def test_bad_sequences_are_named(tmp_path, lines, anchors, message):
    folder = _write(tmp_path / "a", lines)
    if anchors:
        (folder / "anchor.value").write_text(anchors)
    with pytest.raises(errors.InputError, match=message):
        vot.read_vot(tmp_path)


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(errors.InputError, match="no list.txt"):
        vot.read_vot(tmp_path)
    (tmp_path / "list.txt").write_text("absent\n")
    with pytest.raises(errors.InputError, match="absent/groundtruth.txt is missing"):
        vot.read_vot(tmp_path)
