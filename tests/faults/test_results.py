"""Faults 8 of the lab's results, of traces and their pages: a disk that fills up."""

import itertools
import json
import shutil

import pytest

from samn_jax.inspect import command as inspect_command
from samn_jax.inspect import trace_file
from tests.faults import full_disk
from tests.lab import test_run
from tests.track import conftest

# The fixtures of the commands' own tests.
clip, first_mask, run, tracker = (
    conftest.clip, conftest.first_mask, conftest.run, conftest.tracker,
)  # fmt: skip
folder = test_run.folder
FULL = "can't be written: the disk is full: free some space, or write elsewhere"
VIDEOS = ("--sequences", "one,two", "--trace")


def run_lab(folder, out):
    return test_run.run(folder, out, *VIDEOS)


def files_below(root):
    return {p.relative_to(root): p for p in sorted(root.rglob("*")) if p.is_file()}


def contents(root):
    return {name: path.read_bytes() for name, path in files_below(root).items()}


def stamps(paths):
    return {path: path.stat().st_mtime_ns for path in paths}


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory):
    """What an undisturbed run leaves: two arms over two videos, with traces."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert run_lab(folder, out) == 0
    return out


def written_as(path):
    """The name that a partial file is to get, and its folder's."""
    return path.parent.name, path.name[1:].split(".")[0] + path.suffix


# What the disk has no room for: the file's folder, name and which of its kind it is.
LAB = [
    ("run.json", lambda place: place[1] == "run.json", 1),
    ("data/two.1.forwards.json", lambda place: place[0] == "data", 2),
    ("frames/two.1.forwards.json", lambda place: place[0] == "frames", 2),
    ("traces/two.1.forwards.npz", lambda place: place[0] == "traces", 2),
    ("finished/two.1.forwards.json", lambda place: place[0] == "finished", 2),
    ("costs", lambda place: place[0] == "costs", 1),
    ("results.json", lambda place: place[1] == "results.json", 1),
    ("results.html", lambda place: place[1] == "results.html", 1),
]


@pytest.mark.parametrize(("name", "is_kind", "nth"), LAB, ids=[x[0] for x in LAB])
def test_8_a_full_disk_costs_the_lab_nothing_that_was_done(
    folder, whole, tmp_path, capsys, monkeypatch, name, is_kind, nth
):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    # One arm is to be run again, over what an earlier run has left.
    (noisy,) = out.glob("runs/ring_noise1*")
    shutil.rmtree(noisy)
    shutil.rmtree(out / "costs")
    (out / "results.html").write_text("of an earlier run")
    before, counted = contents(out), itertools.count(1)

    def is_full(path):
        return is_kind(written_as(path)) and next(counted) == nth

    with monkeypatch.context() as patch:
        full_disk.fill(patch, out, is_full)
        assert run_lab(folder, out) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and FULL in line and name in line
    after = contents(out)
    if name == "results.html":
        before.pop(next(p for p in before if p.name == "results.json"))
        wanted = test_run.without_costs(whole / "results.json")
        assert test_run.without_costs(out / "results.json") == wanted
    assert before.items() <= after.items()
    assert not [path for path in after if "partial" in path.name]
    done = stamps(
        [*noisy.glob("finished/*.json"), *noisy.glob("traces/one.1.forwards.npz")]
    )
    assert len(done) == (0 if name == "run.json" else 2 if "two" in name else 3)

    assert run_lab(folder, out) == 0
    assert stamps(done) == done, "what is finished is not tracked again"
    assert files_below(out).keys() == files_below(whole).keys()
    results = test_run.without_costs(out / "results.json")
    assert results == test_run.without_costs(whole / "results.json")
    assert json.loads((out / "results.json").read_text())["costs"]["ring"]
    assert "ring_noise1" in (out / "results.html").read_text()


def test_8_a_trace_that_a_finished_video_lacks_costs_it_nothing(
    folder, whole, tmp_path, capsys, monkeypatch
):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    (trace,) = out.glob("runs/ring_noise1*/traces/one.1.forwards.npz")
    trace.unlink()
    before = contents(out)
    with monkeypatch.context() as patch:
        full_disk.fill(patch, out, lambda path: path.parent.name == "traces")
        assert run_lab(folder, out) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "one.1.forwards.npz" in line and FULL in line and "goes on" in line
    assert contents(out) == before
    assert run_lab(folder, out) == 0
    trace_file.load(trace)


@pytest.mark.parametrize("option", ["--trace", "--rle"])
def test_8_a_trace_or_table_of_the_command_is_whole_or_as_it_was(
    run, clip, tmp_path, monkeypatch, option
):
    name = {"--trace": "clip.npz", "--rle": "clip.json"}[option]
    place, masks = tmp_path / "out" / name, tmp_path / "masks"
    place.parent.mkdir()
    place.write_bytes(b"an earlier one")
    words = [option, place, "--masks", masks, "--overwrite", "--frames=3"]
    with monkeypatch.context() as patch:
        full_disk.fill(patch, place.parent, lambda path: True)
        status, said, error = run(clip, *words)
    assert status == 2 and error.count("error: ") == 1
    assert error.endswith(f"/{name} {FULL}\n"), (
        "by its own name, not the partial file's"
    )
    assert contents(place.parent) == {
        place.relative_to(place.parent): b"an earlier one"
    }
    assert f"wrote {place}" not in said
    assert len(list(masks.iterdir())) == 3, "what is not on that disk is kept"
    assert run(clip, *words)[0] == 0
    assert place.read_bytes() != b"an earlier one"


def test_8_a_page_of_traces_is_whole_or_as_it_was(whole, tmp_path, capsys, monkeypatch):
    (trace,) = whole.glob("runs/ring_noise1*/traces/one.1.forwards.npz")
    page = tmp_path / "out/page.html"
    page.parent.mkdir()
    page.write_text("an earlier one")
    words = [str(trace), "--output", str(page)]
    with monkeypatch.context() as patch:
        full_disk.fill(patch, page.parent, lambda path: True)
        assert inspect_command.main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and "page.html" in line and FULL in line
    assert [path.name for path in page.parent.iterdir()] == ["page.html"]
    assert page.read_text() == "an earlier one"
    assert inspect_command.main(words) == 0
    assert "<html" in page.read_text()
