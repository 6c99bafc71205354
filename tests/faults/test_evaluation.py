"""Faults of an evaluation: names, changed data, full disks, damaged files, messages.

The numbers are those of the trial that found them. Data are made with OpenCV alone and
the command is driven from outside, so that the tests say nothing of how it is built.
"""

import errno
import json
import pathlib
import shutil

import cv2
import numpy as np
import pytest

import evaluate

NUM_FRAMES = 5
CLIPS = ("a", "b", "c")
SIZE = (30, 40)


def _write_clip(frame_dir, mask_dir, shift=2):
    """A square that moves right, in frames and masks."""
    frame_dir.mkdir(parents=True)
    mask_dir.mkdir(parents=True)
    for index in range(NUM_FRAMES):
        ids = np.zeros(SIZE, np.uint8)
        ids[10:20, 5 + shift * index : 15 + shift * index] = 1
        frame = np.dstack([200 * ids, 90 + ids, 0 * ids])
        cv2.imwrite(str(frame_dir / f"{index:05d}.jpg"), frame)
        cv2.imwrite(str(mask_dir / f"{index:05d}.png"), ids)


@pytest.fixture
def data_dir(tmp_path):
    """Three clips in the layout of `folder`."""
    root = tmp_path / "data"
    for clip in CLIPS:
        _write_clip(root / "JPEGImages" / clip, root / "Annotations" / clip)
    return root


def _run(data_dir, out, *flags, dataset="folder"):
    where = ["--data_dir", str(data_dir), "--output_dir", str(out), "--workers", "1"]
    given = ["--dataset", dataset, "--tracker", "copy_first"]
    return evaluate.main([*given, *where, *flags])


def _results(out):
    return json.loads((out / "results.json").read_text())


def _measures(out):
    """All of the results but speeds."""
    results = _results(out)
    videos = {name: one.get("J_mean") for name, one in results["sequences"].items()}
    return results["metrics"], videos


def _error(capsys):
    """The single line on standard error, which a terminal shows as it is."""
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and line.isprintable()
    return line


def _contents(folder):
    return {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


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
    _write_clip(truth, truth / "a")  # Frames and masks, wherever they are looked for.
    for path in (truth / "a").glob("*.png"):
        shutil.copy(path, truth)
    write(root, name.format(truth=truth))
    before = _contents(tmp_path)
    code = _run(root, tmp_path / "out", dataset=dataset)
    _error(capsys)
    assert code == 2
    assert _contents(tmp_path) == before


def test_2_a_link_in_the_output_is_not_followed_out(data_dir, tmp_path, capsys):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (out / "masks").mkdir(parents=True)
    (out / "masks/b").symlink_to(elsewhere)
    assert _run(data_dir, out) == 1
    assert "lies outside" in _error(capsys)
    assert not any(elsewhere.iterdir())
    assert list(_results(out)["sequences"]) == ["a", "c"]


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
    assert _run(data_dir, out) == 0
    _change(data_dir / file, 3)
    assert _run(data_dir, out) == 2
    line = _error(capsys)
    assert file in line and "SHA-256" in line and "b.json to track it again" in line
    (out / "finished/b.json").unlink()  # As it says.
    assert _run(data_dir, out) == 0
    assert _run(data_dir, tmp_path / "new") == 0
    assert _measures(out) == _measures(tmp_path / "new")


def test_7_equal_data_in_another_place_are_the_same(data_dir, tmp_path):
    assert _run(data_dir, tmp_path / "out") == 0
    copy = tmp_path / "elsewhere" / "data"
    shutil.copytree(data_dir, copy)
    assert _run(copy, tmp_path / "out") == 0


def test_7_a_mismatch_says_both_values_and_what_to_do(data_dir, tmp_path, capsys):
    assert _run(data_dir, tmp_path / "out") == 0
    assert _run(data_dir, tmp_path / "out", "--init", "box") == 2
    line = _error(capsys)
    assert '"mask"' in line and '"box"' in line and "--output_dir" in line


def test_7_parts_that_disagree_are_not_merged(data_dir, tmp_path, capsys):
    parts = [tmp_path / "1", tmp_path / "2"]
    assert _run(data_dir, parts[0]) == 0
    _change(data_dir / "Annotations/b/00000.png", 3)
    assert _run(data_dir, parts[1]) == 0
    out = tmp_path / "out"
    assert _run(data_dir, out, "--merge", *map(str, parts)) == 2
    assert "b" in _error(capsys)
    assert not out.exists()


def test_7_parts_that_agree_are_merged(data_dir, tmp_path):
    parts = [tmp_path / "1", tmp_path / "2"]
    for part in parts:
        assert _run(data_dir, part) == 0
    assert _run(data_dir, tmp_path / "out", "--merge", *map(str, parts)) == 0
    assert _measures(tmp_path / "out") == _measures(parts[0])


# 8. Disks that are full or can't be written, and damaged small files.


def test_8_a_full_disk_is_one_line_and_loses_nothing(
    data_dir, tmp_path, capsys, small_disk
):
    assert _run(data_dir, tmp_path / "whole") == 0
    out, ballast = small_disk / "out", small_disk / "ballast"
    ballast.write_bytes(bytes(20 << 10))
    assert _run(data_dir, out) == 2
    line = _error(capsys)
    assert "the disk is full" in line and "goes on" in line
    finished = sorted(path.stem for path in (out / "finished").glob("*.json"))
    assert finished == ["a"]
    kept = _contents(out / "masks/a")
    assert kept == {
        out / "masks/a" / path.name: content
        for path, content in _contents(tmp_path / "whole/masks/a").items()
    }
    ballast.unlink()
    moved = tmp_path / "moved"
    shutil.copytree(out, moved)
    assert _run(data_dir, moved) == 0
    assert _measures(moved) == _measures(tmp_path / "whole")


@pytest.mark.parametrize("num_writes", [0, 1, 4, 9, 17, 22])
def test_8_a_disk_that_fills_up_at_any_write(
    data_dir, tmp_path, capsys, monkeypatch, num_writes
):
    """A double of a full disk, for where none can be mounted."""
    out, left = tmp_path / "out", [num_writes]

    def limited(write):
        def call(path, *arguments, **keywords):
            if out in path.parents:
                left[0] -= 1
                if left[0] < 0:
                    raise OSError(errno.ENOSPC, "No space left on device")
            return write(path, *arguments, **keywords)

        return call

    with monkeypatch.context() as patch:
        for name in ("write_bytes", "write_text"):
            patch.setattr(pathlib.Path, name, limited(getattr(pathlib.Path, name)))
        assert _run(data_dir, out) == 2
        assert "the disk is full" in _error(capsys)
    assert not (out / "results.json").exists()
    assert _run(data_dir, out) == 0
    assert _run(data_dir, tmp_path / "whole") == 0
    assert _measures(out) == _measures(tmp_path / "whole")
    leftovers = [path for path in out.rglob("*") if "partial" in path.name]
    assert not leftovers


@pytest.mark.parametrize("place", ["out", "out/masks", "out/finished"])
def test_8_a_file_in_place_of_a_folder(data_dir, tmp_path, capsys, place):
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text("in the way")
    code = _run(data_dir, tmp_path / "out")
    lines = capsys.readouterr().err.splitlines()
    assert code in (1, 2) and lines
    assert all(line.startswith("error: ") and " file" in line for line in lines)
    assert path.read_text() == "in the way"


def _cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def _empty(path):
    path.write_bytes(b"")


def _list(path):
    path.write_text("[1, 2]")


def _wrong(path):
    path.write_text('{"num_frames": "many"}')


@pytest.mark.parametrize("harm", [_cut, _empty, _list, _wrong])
def test_8_a_damaged_record_costs_its_video_alone(data_dir, tmp_path, harm):
    out = tmp_path / "out"
    assert _run(data_dir, out) == 0
    before = _measures(out)
    stamps = {p: p.stat().st_mtime_ns for p in (out / "masks").rglob("*.png")}
    harm(out / "finished/b.json")
    assert _run(data_dir, out) == 0
    assert _measures(out) == before
    again = {p for p, t in stamps.items() if p.stat().st_mtime_ns != t}
    assert {path.parent.name for path in again} == {"b"}


@pytest.mark.parametrize("harm", [_cut, _empty, _list])
def test_8_a_damaged_run_json_is_one_line(data_dir, tmp_path, capsys, harm):
    out = tmp_path / "out"
    assert _run(data_dir, out) == 0
    harm(out / "run.json")
    assert _run(data_dir, out) == 2
    assert "run.json" in _error(capsys)


# 13. Messages.


@pytest.mark.parametrize("harm", [_cut, _empty])
def test_13_a_damaged_result_is_tracked_again(data_dir, tmp_path, harm):
    out = tmp_path / "out"
    assert _run(data_dir, out) == 0
    before, masks = _measures(out), _contents(out / "masks")
    harm(out / "masks/b/00002.png")
    assert _run(data_dir, out) == 0
    assert _measures(out) == before
    assert _contents(out / "masks") == masks


def test_13_an_option_that_does_nothing_is_refused(data_dir, tmp_path, capsys):
    for flags in (
        ("--answer", "polygon"),
        ("--submission",),
        ("--checkpoint", "/no/such"),
        ("--set", "nonsense=1"),
    ):
        assert _run(data_dir, tmp_path / "out", *flags) == 2
        _error(capsys)
        assert not (tmp_path / "out").exists()


def test_13_names_are_shown_escaped(data_dir, tmp_path, capsys):
    odd = "line\nbreak\x1b[31m"
    for flags in (("--sequences", odd), ("--data_dir", odd), ("--dataset", odd)):
        assert _run(data_dir, tmp_path / "out", *flags) == 2
        _error(capsys)
