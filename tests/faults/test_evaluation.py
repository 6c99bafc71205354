"""Faults of an evaluation: names, outputs over data, changed data, messages.

The numbers are those of the trial that found them.
"""

import json
import shutil

import cv2
import numpy as np
import pytest

from tests.faults import evaluated_clips as clips
from tests.faults.evaluated_clips import NUM_FRAMES, SIZE

data_dir = clips.data_dir


# 2. Names that lead out of the output folder.


def _davis17(root, name):
    for part in ("JPEGImages/480p", "Annotations/480p", "ImageSets/2017"):
        (root / part).mkdir(parents=True)
    (root / "ImageSets/2017/val.txt").write_text(f"{name}\n")


def _davis16(root, name):
    for part in ("JPEGImages/480p/a", "Annotations/480p/a", "ImageSets/480p"):
        (root / part).mkdir(parents=True)
    names = (f"{name}/{k:05d}" for k in range(NUM_FRAMES))
    lines = (f"/{path}.jpg /{path}.png\n" for path in names)
    (root / "ImageSets/480p/val.txt").write_text("".join(lines))


def _youtubevos(root, name):
    for part in ("JPEGImages", "Annotations"):
        (root / part).mkdir(parents=True)
    objects = {"objects": {"1": {"category": "cow"}}}
    (root / "meta.json").write_text(json.dumps({"videos": {name: objects}}))


@pytest.mark.parametrize(
    ("dataset", "write", "name"),
    [
        ("davis17", _davis17, "../../../truth"),
        ("davis17", _davis17, "{truth}"),
        ("davis16", _davis16, "../truth/a/.."),
        ("youtubevos", _youtubevos, "../../truth"),
        ("youtubevos", _youtubevos, "{truth}"),
    ],
)
def test_2_no_name_of_a_video_leads_out_of_the_output(
    tmp_path, capsys, dataset, write, name
):
    root, truth = tmp_path / "data", tmp_path / "truth"
    clips.write_clip(
        truth, truth / "a"
    )  # Frames and masks, wherever they are looked for.
    for path in (truth / "a").glob("*.png"):
        shutil.copy(path, truth)
    write(root, name.format(truth=truth))
    before = clips.contents(tmp_path)
    code = clips.run(root, tmp_path / "out", dataset=dataset)
    clips.error_of(capsys)
    assert code == 2
    assert clips.contents(tmp_path) == before


def test_2_a_link_in_the_output_is_not_followed_out(data_dir, tmp_path, capsys):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    assert clips.run(data_dir, out, "--sequences", "a") == 0
    elsewhere.mkdir()
    (out / "masks/b").symlink_to(elsewhere)
    assert clips.run(data_dir, out) == 1
    assert "lies outside" in clips.error_of(capsys)
    assert not any(elsewhere.iterdir())
    assert list(clips.results_of(out)["sequences"]) == ["a", "c"]


def test_4_an_output_over_the_data_is_refused(data_dir, capsys):
    """Results of a run would lie where the masks of this layout do."""
    (data_dir / "JPEGImages").rename(data_dir / "images")
    (data_dir / "Annotations").rename(data_dir / "masks")
    before = clips.contents(data_dir)
    assert clips.run(data_dir, data_dir) == 2
    assert "masks holds files that no run has left" in clips.error_of(capsys)
    assert clips.contents(data_dir) == before


# 7. Changed data, and parts that disagree.


def _change(path, shift):
    ids = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(path), np.roll(ids, shift, axis=1))


@pytest.mark.parametrize(
    "file",
    ["Annotations/b/00000.png", "Annotations/b/00004.png", "JPEGImages/b/00002.jpg"],
)
def test_7_results_of_changed_data_are_not_used_again(data_dir, tmp_path, capsys, file):
    out = tmp_path / "out"
    assert clips.run(data_dir, out) == 0
    _change(data_dir / file, 3)
    assert clips.run(data_dir, out) == 2
    line = clips.error_of(capsys)
    assert file in line and "SHA-256" in line and "b.json to track it again" in line
    (out / "finished/b.json").unlink()  # As it says.
    assert clips.run(data_dir, out) == 0
    assert clips.run(data_dir, tmp_path / "new") == 0
    assert clips.measures(out) == clips.measures(tmp_path / "new")


def test_7_equal_data_in_another_place_are_the_same(data_dir, tmp_path):
    assert clips.run(data_dir, tmp_path / "out") == 0
    copy = tmp_path / "elsewhere" / "data"
    shutil.copytree(data_dir, copy)
    assert clips.run(copy, tmp_path / "out") == 0


def test_7_a_mismatch_says_both_values_and_what_to_do(data_dir, tmp_path, capsys):
    assert clips.run(data_dir, tmp_path / "out") == 0
    assert clips.run(data_dir, tmp_path / "out", "--init", "box") == 2
    line = clips.error_of(capsys)
    assert '"mask"' in line and '"box"' in line and "--output_dir" in line


def test_7_parts_that_disagree_are_not_merged(data_dir, tmp_path, capsys):
    parts = [tmp_path / "1", tmp_path / "2"]
    assert clips.run(data_dir, parts[0]) == 0
    _change(data_dir / "Annotations/b/00000.png", 3)
    assert clips.run(data_dir, parts[1]) == 0
    out = tmp_path / "out"
    assert clips.run(data_dir, out, "--merge", *map(str, parts)) == 2
    assert "b" in clips.error_of(capsys)
    assert not out.exists()


def test_7_parts_that_agree_are_merged(data_dir, tmp_path):
    parts = [tmp_path / "1", tmp_path / "2"]
    for part in parts:
        assert clips.run(data_dir, part) == 0
    assert clips.run(data_dir, tmp_path / "out", "--merge", *map(str, parts)) == 0
    assert clips.measures(tmp_path / "out") == clips.measures(parts[0])


# 13. Messages.


@pytest.mark.parametrize("harm", [clips.cut, clips.empty])
def test_13_a_damaged_result_is_tracked_again(data_dir, tmp_path, harm):
    out = tmp_path / "out"
    assert clips.run(data_dir, out) == 0
    before, masks = clips.measures(out), clips.contents(out / "masks")
    harm(out / "masks/b/00002.png")
    assert clips.run(data_dir, out) == 0
    assert clips.measures(out) == before
    assert clips.contents(out / "masks") == masks


def test_13_a_frame_of_another_size_is_named(tmp_path, capsys):
    video = tmp_path / "otb" / "Still"
    (video / "img").mkdir(parents=True)
    for index in range(1, NUM_FRAMES + 1):
        height = SIZE[0] - (index == 3)
        frame = np.zeros((height, SIZE[1], 3), np.uint8)
        cv2.imwrite(str(video / f"img/{index:04d}.jpg"), frame)
    (video / "groundtruth_rect.txt").write_text("6,11,10,10\n" * NUM_FRAMES)
    assert clips.run(tmp_path / "otb", tmp_path / "out", dataset="otb") == 1
    line = clips.error_of(capsys)
    assert "img/0003.jpg is 29 pixels high and 40 wide" in line


def test_13_an_option_that_does_nothing_is_refused(data_dir, tmp_path, capsys):
    for flags in (
        ("--answer", "polygon"),
        ("--submission",),
        ("--checkpoint", "/no/such"),
        ("--set", "nonsense=1"),
    ):
        assert clips.run(data_dir, tmp_path / "out", *flags) == 2
        clips.error_of(capsys)
        assert not (tmp_path / "out").exists()


def test_an_option_of_tracking_is_refused_where_nothing_is_tracked(
    data_dir, tmp_path, capsys
):
    assert clips.run(data_dir, tmp_path / "part") == 0
    out = tmp_path / "out"
    modes = {"--score_only": tmp_path / "part/masks", "--merge": tmp_path / "part"}
    flags = {"--set": "search_factor=3", "--init": "box", "--answer": "mask"}
    for mode, folder in modes.items():
        for flag, value in (flags | {"--checkpoint": "lite"}).items():
            assert clips.run(data_dir, out, mode, str(folder), flag, value) == 2
            line = clips.error_of(capsys)
            assert mode in line and f"{flag} changes nothing" in line
            assert not out.exists()


def test_a_wrong_folder_to_score_does_not_block_the_right_one(
    data_dir, tmp_path, capsys
):
    assert clips.run(data_dir, tmp_path / "part") == 0
    out = tmp_path / "out"
    assert clips.run(data_dir, out, "--score_only", str(tmp_path / "part")) == 2
    assert "part has no a/" in clips.error_of(capsys)
    assert not out.exists()
    assert clips.run(data_dir, out, "--score_only", str(tmp_path / "part/masks")) == 0
    assert clips.measures(out) == clips.measures(tmp_path / "part")
    assert clips.run(data_dir, out, "--score_only", str(tmp_path / "part")) == 2
    assert "holds the results of another run" in clips.error_of(capsys)


def test_13_names_are_shown_escaped(data_dir, tmp_path, capsys):
    odd = "line\nbreak\x1b[31m"
    for flags in (("--sequences", odd), ("--data_dir", odd), ("--dataset", odd)):
        assert clips.run(data_dir, tmp_path / "out", *flags) == 2
        clips.error_of(capsys)
