"""Readers of OTB, GOT-10k and TrackingNet on made-up videos in their layouts."""

import cv2
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data.formats import boxes
from samn_jax.data.readers import got10k, otb, trackingnet

BOXES = "1,2,3,4\n2,2,3,4\n3,2,3,4\n"


def _write_frames(folder, names, size_hw=(6, 8)):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names, start=1):
        image = np.full((*size_hw, 3), number % 256, np.uint8)
        cv2.imwrite(str(folder / f"{name}.png"), image)


def test_box_files_take_any_separator_and_keep_three_decimals(tmp_path):
    path = tmp_path / "boxes.txt"
    path.write_text("1,2,3,4\n5\t6\t7\t8\n9 10 11 12.5\n\n")
    read = boxes.read_boxes(path, 3)
    np.testing.assert_array_equal(read[2], [9, 10, 11, 12.5])
    boxes.write_boxes(path, read / 3)
    assert path.read_text().splitlines()[0] == "0.333,0.667,1.000,1.333"
    assert [p.name for p in tmp_path.iterdir()] == ["boxes.txt"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,3,4\n1,2,3\n", "line 2: '1,2,3' is no box"),
        ("1,2,3,4\n1,2,nan,4\n", "line 2: '1,2,nan,4' is no box"),
        ("1,2,3,4\n\n1,2,3,4\n", "line 2: '' is no box"),
        ("1,2,3,4\n1,2,-3,4\n", "line 2: '1,2,-3,4' has a negative size"),
        ("1,2,3,four\n", "line 1: '1,2,3,four' is no box"),
        ("1,2,3,4\n", "has 1 boxes for 3 frames"),
        ("", "has 0 boxes"),
    ],
)
def test_bad_box_files_are_named_with_their_line(tmp_path, text, message):
    path = tmp_path / "boxes.txt"
    path.write_text(text)
    with pytest.raises(errors.InputError, match=message) as caught:
        boxes.read_boxes(path, 3)
    assert str(path) in str(caught.value)
    with pytest.raises(errors.InputError, match="missing.txt is missing"):
        boxes.read_boxes(tmp_path / "missing.txt")


def test_otb_reads_frames_boxes_and_both_targets_of_a_video(tmp_path):
    _write_frames(tmp_path / "Car" / "img", ["0001", "0002", "0003"])
    (tmp_path / "Car" / "groundtruth_rect.txt").write_text(BOXES.replace(",", "\t"))
    for target in ("1", "2"):
        folder = tmp_path / "Jogging"
        folder.mkdir(exist_ok=True)
        (folder / f"groundtruth_rect.{target}.txt").write_text(BOXES)
    (tmp_path / "Jogging" / "groundtruth_rect.3.txt").write_text("")
    car, first, second = otb.read_otb(tmp_path).sequences
    assert (car.name, first.name, second.name) == ("Car", "Jogging.1", "Jogging.2")
    assert car.frame(1).shape == (6, 8, 3) and car.frame(1)[0, 0, 0] == 2
    assert car.read_size() == (6, 8)
    assert car.init_box_xywh == (1, 2, 3, 4)
    assert car.mask(0) is None and car.is_visible.all()
    # Without frames results can still be scored.
    assert first.num_frames == 3
    with pytest.raises(errors.InputError, match="0001.jpg is missing"):
        first.frame(0)


def test_otb_knows_the_videos_whose_boxes_belong_to_some_frames(tmp_path):
    _write_frames(tmp_path / "David" / "img", [f"{k:04d}" for k in range(1, 303)])
    (tmp_path / "David" / "groundtruth_rect.txt").write_text(BOXES)
    (david,) = otb.read_otb(tmp_path).sequences
    assert david.frame_names == ("0300", "0301", "0302")
    (tmp_path / "David" / "groundtruth_rect.txt").write_text(BOXES + BOXES)
    with pytest.raises(errors.InputError, match="6 boxes for 3 frames"):
        otb.read_otb(tmp_path)


def test_a_missing_frame_is_named(tmp_path):
    _write_frames(tmp_path / "Car" / "img", ["0001", "0002"])
    (tmp_path / "Car" / "groundtruth_rect.txt").write_text(BOXES)
    with pytest.raises(errors.InputError, match="img has 2 frames for 3 boxes"):
        otb.read_otb(tmp_path)


def test_got10k_reads_size_and_visibility(tmp_path):
    folder = tmp_path / "val" / "GOT-10k_Val_000001"
    folder.mkdir(parents=True)
    (tmp_path / "val" / "list.txt").write_text("GOT-10k_Val_000001\n")
    (folder / "groundtruth.txt").write_text(BOXES)
    (folder / "cover.label").write_text("8\n0\n3\n")
    (folder / "meta_info.ini").write_text("[METAINFO]\nresolution: (1920, 1080)\n")
    (video,) = got10k.read_got10k(tmp_path).sequences
    assert video.read_size() == (1080, 1920)
    assert video.is_visible.tolist() == [True, False, True]
    assert got10k.read_got10k(tmp_path / "val").sequences[0].name == video.name
    (folder / "cover.label").write_text("8\n0\n")
    with pytest.raises(errors.InputError, match="cover.label must hold a label"):
        got10k.read_got10k(tmp_path)


def test_got10k_test_videos_have_only_their_first_box(tmp_path):
    folder = tmp_path / "test" / "GOT-10k_Test_000001"
    _write_frames(folder, ["00000001", "00000002", "00000003"])
    (tmp_path / "test" / "list.txt").write_text("GOT-10k_Test_000001\n")
    (folder / "groundtruth.txt").write_text("1.5,2,3,4\n")
    (video,) = got10k.read_got10k(tmp_path, "test").sequences
    assert video.num_frames == 3 and video.truths_xywh.shape == (1, 4)


def test_trackingnet_orders_frames_by_their_number(tmp_path):
    names = [str(k) for k in range(12)]
    _write_frames(tmp_path / "TEST" / "frames" / "a-b_1", names)
    (tmp_path / "TEST" / "anno").mkdir()
    (tmp_path / "TEST" / "anno" / "a-b_1.txt").write_text("1,2,3,4\n")
    (video,) = trackingnet.read_trackingnet(tmp_path).sequences
    assert video.name == "a-b_1" and video.frame_names == tuple(names)


@pytest.mark.parametrize(
    "read", [otb.read_otb, got10k.read_got10k, trackingnet.read_trackingnet]
)
def test_an_empty_folder_is_named(tmp_path, read):
    with pytest.raises(errors.InputError, match="give the folder of"):
        read(tmp_path)
