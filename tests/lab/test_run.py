"""The whole lab on a network that compiles in no time and two short clips."""

import json

import cv2
import numpy as np
import pytest

from samn_jax.data.formats import images
from samn_jax.inspect import trace_file
from samn_jax.lab import command, frame_table
from samn_jax.lab import video as video_lib
from samn_jax.models import model_file
from tests.models import tiny_lite

SMALL = ("--set=crop_size=32", "--set=use_spatial=False")
SUITE = {
    "name": "tiny",
    "base": "ring",
    "controls": [
        {"name": "ring", "settings": ["memory.design=ring"]},
        {"name": "ring_noise1", "settings": ["memory.design=ring"], "noise": 1},
    ],
    "clips": {"directions": ["forwards"]},
    "remarks": ["of a tiny network"],
}
MINE = '''
import dataclasses
from samn_jax.memory.designs.ring import Ring

@dataclasses.dataclass(frozen=True)
class Mine(Ring):
    """The ring by another name."""
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three clips with masks, a model file, a suite and a design."""
    root = tmp_path_factory.mktemp("lab")
    for number, name in enumerate(("one", "two", "three")):
        (root / "JPEGImages" / name).mkdir(parents=True)
        for index in range(6):
            ids = np.zeros((60, 64), np.uint8)
            ids[20:36, 8 + 3 * number + index :][:, :16] = 1
            frame = np.array([(90, 90, 90), (30, 30, 220)], np.uint8)[ids]
            cv2.imwrite(str(root / f"JPEGImages/{name}/{index:05d}.png"), frame)
            images.write_mask(root / f"Annotations/{name}/{index:05d}.png", ids)
    variables = tiny_lite.make_variables()
    model_file.save_model(root / "tiny", tiny_lite.CONFIG, variables, {})
    (root / "suite.json").write_text(json.dumps(SUITE))
    (root / "mine.py").write_text(MINE)
    return root


def run(folder, out, *flags, suite="suite.json"):
    where = ["--suite", str(folder / suite), "--output", str(out)]
    model = ["--checkpoint", str(folder / "tiny"), "--data_dir", str(folder)]
    return command.main([*where, *model, *SMALL, *flags])


def without_costs(path):
    results = json.loads(path.read_text())
    for name in ("costs", "manifest"):
        results.pop(name)
    return results


def test_designs_are_compared_with_ring(folder, tmp_path, capsys):
    flags = ("--designs", f"fifo,{folder / 'mine.py'}:Mine")
    assert run(folder, tmp_path / "a", *flags) == 0
    told = capsys.readouterr().out
    assert "3 videos of 3 clips" in told and "Mine" in told
    assert "of a tiny network" in told
    results = json.loads((tmp_path / "a/results.json").read_text())
    arms = results["loops"]["closed"]["arms"]
    assert list(arms) == ["ring", "ring_noise1", "fifo", "Mine"]
    assert arms["ring"]["difference"] is None
    assert arms["Mine"]["difference"]["mean"] == 0, "it is the ring by another name"
    assert arms["Mine"]["metrics"] == arms["ring"]["metrics"]
    assert arms["ring_noise1"]["difference"]["verdict"] == "chance"
    assert results["costs"]["fifo"]["state_bytes"] > 0
    assert results["costs"]["ring"]["read_write_ms"] > 0
    # A design that was edited is another one: its old results are left as they are.
    (folder / "mine.py").write_text(MINE + "# edited\n")
    before = {p.name for p in (tmp_path / "a/runs").iterdir()}
    assert run(folder, tmp_path / "a", *flags) == 0
    after = {p.name for p in (tmp_path / "a/runs").iterdir()}
    assert before < after and len(after - before) == 1


def test_both_loops_and_the_page_of_what_is_finished(folder, tmp_path, capsys):
    bound = {"name": "true", "true_masks": True, "loops": ["open"]}
    suite = {**SUITE, "controls": [*SUITE["controls"], bound]}
    (folder / "both.json").write_text(json.dumps(suite))
    flags = ("--loops", "closed,open", "--sequences", "one,two")
    out = tmp_path / "out"
    assert run(folder, out, *flags, "--results_only", suite="both.json") == 0
    assert json.loads((out / "results.json").read_text())["loops"] == {}
    assert run(folder, out, *flags, suite="both.json") == 0
    results = json.loads((out / "results.json").read_text())
    assert list(results["loops"]["closed"]["arms"]) == ["ring", "ring_noise1"]
    assert list(results["loops"]["open"]["arms"]) == ["ring", "ring_noise1", "true"]
    page = (out / "results.html").read_text()
    assert "open loop" in page and "ring_noise1" in page
    before = {p: p.stat().st_mtime_ns for p in (out / "runs").rglob("*")}
    assert run(folder, out, *flags, "--results_only", suite="both.json") == 0
    assert {p: p.stat().st_mtime_ns for p in (out / "runs").rglob("*")} == before
    assert without_costs(out / "results.json") == {
        k: v for k, v in results.items() if k not in ("costs", "manifest")
    }


def test_a_base_that_fails_everywhere_costs_no_results(
    folder, tmp_path, monkeypatch, capsys
):
    table = frame_table.measure

    def fail(video, *rest):
        if not isinstance(video.read_frame, video_lib.Noisy):
            raise RuntimeError("no luck")
        return table(video, *rest)

    monkeypatch.setattr(frame_table, "measure", fail)
    assert run(folder, tmp_path / "out") == 1
    assert "no luck" in capsys.readouterr().err
    results = json.loads((tmp_path / "out/results.json").read_text())
    assert results["loops"] == {} and len(results["failed"]) == 3


def test_cut_off_and_sharded_runs_give_the_same(folder, tmp_path, monkeypatch, capsys):
    assert run(folder, tmp_path / "whole") == 0
    wanted = without_costs(tmp_path / "whole/results.json")

    from samn_jax.lab import frame_table

    write, written = frame_table.write, []

    def cut_off(path, rows):
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(path)
        write(path, rows)

    monkeypatch.setattr(frame_table, "write", cut_off)
    assert run(folder, tmp_path / "cut") == 130
    monkeypatch.undo()
    kept = {p: p.stat().st_mtime_ns for p in written}
    assert run(folder, tmp_path / "cut") == 0
    assert without_costs(tmp_path / "cut/results.json") == wanted
    assert {p: p.stat().st_mtime_ns for p in written} == kept, "not tracked again"
    for index in (1, 2):
        assert run(folder, tmp_path / f"part{index}", "--shard", f"{index}/2") == 0
    parts = [str(tmp_path / f"part{index}") for index in (1, 2)]
    assert run(folder, tmp_path / "merged", "--merge", *parts) == 0
    assert without_costs(tmp_path / "merged/results.json") == wanted
    capsys.readouterr()
    assert run(folder, tmp_path / "half", "--merge", parts[0]) == 2
    assert "run their shards to the end" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--designs", "rnig"), "rnig"),
        (("--designs", "fifo,fifo"), "twice"),
        (("--set", "memory.capacity=0"), "capacity"),
        (("--sequences", "four"), "four"),
        (("--dataset", "otb"), "no masks"),
    ],
)
def test_bad_input_is_one_line_before_anything_is_written(
    folder, tmp_path, capsys, flags, words
):
    assert run(folder, tmp_path / "out", *flags) == 2
    told = capsys.readouterr().err.strip()
    assert words in told and "\n" not in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({**SUITE, "base": "rong"}, "rong"),
        ({**SUITE, "colour": 1}, "colour"),
        ({**SUITE, "seeds": ["a"]}, "seeds"),
        ({**SUITE, "loops": ["ajar"]}, "ajar"),
        ({"name": "x"}, "lacks"),
    ],
)
def test_bad_suites_are_refused(folder, tmp_path, capsys, content, words):
    (folder / "bad.json").write_text(json.dumps(content))
    assert run(folder, tmp_path / "out", suite="bad.json") == 2
    told = capsys.readouterr().err.strip()
    assert words in told and "\n" not in told


def test_closed_loops_are_traced_if_asked_for(folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(folder, out, "--sequences", "one", "--trace") == 0
    traces = sorted(out.glob("runs/*/traces/*.npz"))
    designs = [trace_file.load(path).design for path in traces]
    assert designs == ["ring", "ring_noise1"]
    loops = json.loads((out / "results.json").read_text())["loops"]
    assert run(folder, out, "--sequences", "one") == 0
    again = json.loads((out / "results.json").read_text())
    assert again["loops"] == loops, "the same run, finished"
    assert run(folder, out, "--trace", "--results_only") == 2
    assert "leave it out" in capsys.readouterr().err
