"""Faults 8 of an evaluation: disks that are full, and files that are damaged."""

import itertools
import shutil

import pytest

from tests.faults import evaluated_clips as clips
from tests.faults import full_disk

data_dir = clips.data_dir


def test_8_a_full_disk_is_one_line_and_loses_nothing(
    data_dir, tmp_path, capsys, small_disk
):
    assert clips.run(data_dir, tmp_path / "whole") == 0
    out, ballast = small_disk / "out", small_disk / "ballast"
    ballast.write_bytes(bytes(20 << 10))
    assert clips.run(data_dir, out) == 2
    line = clips.error_of(capsys)
    assert "the disk is full" in line and "goes on" in line
    finished = sorted(path.stem for path in (out / "finished").glob("*.json"))
    assert finished == ["a"]
    kept = clips.contents(out / "masks/a")
    assert kept == {
        out / "masks/a" / path.name: content
        for path, content in clips.contents(tmp_path / "whole/masks/a").items()
    }
    ballast.unlink()
    moved = tmp_path / "moved"
    shutil.copytree(out, moved)
    assert clips.run(data_dir, moved) == 0
    assert clips.measures(moved) == clips.measures(tmp_path / "whole")


@pytest.mark.parametrize("num_writes", [0, 1, 4, 9, 17, 22])
def test_8_a_disk_that_fills_up_at_any_write(
    data_dir, tmp_path, capsys, monkeypatch, num_writes
):
    out, counted = tmp_path / "out", itertools.count()
    with monkeypatch.context() as patch:
        full_disk.fill(patch, out, lambda path: next(counted) == num_writes)
        assert clips.run(data_dir, out) == 2
        assert "the disk is full" in clips.error_of(capsys)
    assert not (out / "results.json").exists()
    assert clips.run(data_dir, out) == 0
    assert clips.run(data_dir, tmp_path / "whole") == 0
    assert clips.measures(out) == clips.measures(tmp_path / "whole")
    leftovers = [path for path in out.rglob("*") if "partial" in path.name]
    assert not leftovers


@pytest.mark.parametrize("place", ["out", "out/masks", "out/finished"])
def test_8_a_file_in_place_of_a_folder(data_dir, tmp_path, capsys, place):
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text("in the way")
    code = clips.run(data_dir, tmp_path / "out")
    lines = capsys.readouterr().err.splitlines()
    assert code in (1, 2) and lines
    assert all(line.startswith("error: ") and " file" in line for line in lines)
    assert path.read_text() == "in the way"


@pytest.mark.parametrize(
    "harm", [clips.cut, clips.empty, clips.to_list, clips.to_wrong_fields, clips.to_nan]
)
def test_8_a_damaged_record_costs_its_video_alone(data_dir, tmp_path, harm):
    out = tmp_path / "out"
    assert clips.run(data_dir, out) == 0
    before = clips.measures(out)
    stamps = {p: p.stat().st_mtime_ns for p in (out / "masks").rglob("*.png")}
    harm(out / "finished/b.json")
    assert clips.run(data_dir, out) == 0
    assert clips.measures(out) == before
    again = {p for p, t in stamps.items() if p.stat().st_mtime_ns != t}
    assert {path.parent.name for path in again} == {"b"}


@pytest.mark.parametrize("harm", [clips.cut, clips.empty, clips.to_list])
def test_8_a_damaged_run_json_is_one_line(data_dir, tmp_path, capsys, harm):
    out = tmp_path / "out"
    assert clips.run(data_dir, out) == 0
    harm(out / "run.json")
    assert clips.run(data_dir, out) == 2
    assert "run.json" in clips.error_of(capsys)
