"""Runs that are cut off, split or hit by a failure give the uninterrupted numbers."""

import json
import time

import cv2
import numpy as np
import pytest

import evaluate
from samn_jax.data.formats import images
from samn_jax.data.formats import vot_regions as regions
from samn_jax.evaluation.trackers import baselines
from samn_jax.evaluation.trackers import registry as trackers

NUM_FRAMES = 12
VIDEOS = ("a", "b", "c", "d", "e")
KINDS = ("folder", "otb", "got10k", "vot2018", "vot2020")


class CutOff(BaseException):
    """What nothing catches, as a process that ends."""


class Drifting(baselines.CopyFirst):
    """Moves the first answer right by two pixels a frame; may be cut off or fail."""

    def __init__(self, frames_left=10**6, error=CutOff, fails_at=None):
        self.frames_left, self.error, self.fails_at = frames_left, error, fails_at
        self.num_calls = 0

    def init(self, frame, **start):
        self._count(frame)
        return super().init(frame, **start)

    def step(self, state, frame):
        self._count(frame)
        box = state.box_xywh + np.array([2, 0, 0, 0], np.float32)
        moved = state._replace(
            mask=np.roll(state.mask, 2, axis=1),
            box_xywh=box,
            polygon=state.polygon + np.array([2, 0], np.float32),
        )
        return moved, moved

    def _count(self, frame):
        self.num_calls += 1
        if self.num_calls > self.frames_left:
            raise self.error
        if self.fails_at is not None and abs(int(frame[0, 0, 2]) - self.fails_at) < 4:
            raise RuntimeError("out of memory\nand more")


def _box(video, index):
    speed = 1 + VIDEOS.index(video)
    return (8 + speed * index, 10, 14, 12)


def _write_frames(pattern, video, first):
    """Frames of a video; the corner's blue says which video it is."""
    for index in range(NUM_FRAMES):
        frame = np.full((40, 96, 3), 40 + 30 * VIDEOS.index(video), np.uint8)
        path = pattern.parent / (pattern.name % (first + index))
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), frame)


def _write_video(kind, root, video):
    boxes = [_box(video, k) for k in range(NUM_FRAMES)]
    if kind == "folder":
        _write_frames(root / "JPEGImages" / video / "%05d.jpg", video, 0)
        for index, (x, y, width, height) in enumerate(boxes):
            ids = np.zeros((40, 96), np.uint8)
            ids[y : y + height, x : x + width] = 1
            images.write_mask(root / f"Annotations/{video}/{index:05d}.png", ids)
        return
    lines = "".join(",".join(map(str, box)) + "\n" for box in boxes)
    if kind == "otb":
        _write_frames(root / video / "img" / "%04d.jpg", video, 1)
        (root / video / "groundtruth_rect.txt").write_text(lines)
    elif kind == "got10k":
        _write_frames(root / "val" / video / "%08d.jpg", video, 1)
        (root / "val" / video / "groundtruth.txt").write_text(lines)
        (root / "val" / "list.txt").write_text("\n".join(VIDEOS))
    else:
        _write_frames(root / video / "color" / "%08d.jpg", video, 1)
        (root / video / "groundtruth.txt").write_text(lines)
        (root / video / "anchor.value").write_text("1\n0\n0\n0\n0\n0\n0\n0\n0\n-1\n")


@pytest.fixture(params=KINDS)
def benchmark(request, tmp_path, monkeypatch):
    """Runs evaluate.py on five videos; gives the exit code and the results."""
    kind, root = request.param, tmp_path / "data"
    for video in VIDEOS:
        _write_video(kind, root, video)

    def run(out, *flags, tracker=None):
        loaded = (tracker or Drifting(), {"tracker": "drifting"})
        monkeypatch.setattr(trackers, "load_tracker", lambda *_: loaded)
        common = ["--dataset", kind, "--data_dir", str(root), "--workers", "1"]
        code = evaluate.main([*common, "--output_dir", str(tmp_path / out), *flags])
        results = sorted((tmp_path / out).glob("results*.json"))
        return code, json.loads(results[-1].read_text()) if results else None

    run.kind, run.root = kind, tmp_path
    return run


def _measures(results):
    """All that must not depend on how the run went, so all but its speed."""
    sequences = {
        name: {key: value for key, value in one.items() if "per_second" not in key}
        for name, one in results["sequences"].items()
    }
    return results["metrics"], sequences


def test_a_run_cut_off_half_way_is_continued_by_the_same_command(benchmark):
    whole = Drifting()
    code, expected = benchmark("whole", tracker=whole)
    assert code == 0
    assert list(expected["sequences"]) == list(VIDEOS)
    assert expected["metrics"]
    with pytest.raises(CutOff):
        benchmark("cut", tracker=Drifting(frames_left=whole.num_calls // 2))
    rest = Drifting()
    code, continued = benchmark("cut", tracker=rest)
    assert code == 0
    assert rest.num_calls < 0.8 * whole.num_calls
    assert _measures(continued) == _measures(expected)
    again = Drifting()
    code, same = benchmark("cut", tracker=again)
    assert again.num_calls == 0
    assert _measures(same) == _measures(expected)


def test_three_shards_merged_give_the_numbers_of_one_run(benchmark):
    _, expected = benchmark("whole")
    calls = []
    for i in (1, 2, 3):
        tracker = Drifting()
        code, part = benchmark(f"part{i}", "--shard", f"{i}/3", tracker=tracker)
        assert code == 0
        assert part["manifest"]["shard"] == f"{i}of3"
        assert not (benchmark.root / f"part{i}" / "results.json").exists()
        calls.append(tracker.num_calls)
    assert min(calls) > 0
    folders = [str(benchmark.root / f"part{i}") for i in (3, 1, 2)]
    none = Drifting(frames_left=0)
    code, merged = benchmark("merged", "--merge", *folders, tracker=none)
    assert code == 0
    assert _measures(merged) == _measures(expected)
    assert merged["manifest"]["tracker"] == "drifting"
    assert merged["frames_per_second"] > 0
    assert (benchmark.root / "merged/submission.zip").is_file() == (
        benchmark.kind == "got10k"
    )


def test_shards_may_share_a_folder(benchmark):
    _, expected = benchmark("whole")
    for i in (2, 1):
        assert benchmark("shared", "--shard", f"{i}/2")[0] == 0
    none = Drifting(frames_left=0)
    code, results = benchmark("shared", tracker=none)
    assert code == 0
    results = json.loads((benchmark.root / "shared/results.json").read_text())
    assert _measures(results) == _measures(expected)


def test_merging_asks_for_every_sequence_and_one_run(benchmark, capsys):
    benchmark("part1", "--shard", "1/2")
    folder = str(benchmark.root / "part1")
    capsys.readouterr()
    assert benchmark("merged", "--merge", folder)[0] == 2
    assert "none of the folders has finished b, d (2 seq" in capsys.readouterr().err
    differing = ("--init", "box") if benchmark.kind == "folder" else ("--answer", "box")
    if benchmark.kind in ("otb", "got10k"):
        differing = ("--answer", "fitted")
    benchmark("part2", "--shard", "2/2", *differing)
    other = str(benchmark.root / "part2")
    capsys.readouterr()
    assert benchmark("merged", "--merge", folder, other)[0] == 2
    assert "part2 holds the results of another run" in capsys.readouterr().err


def test_a_failing_sequence_is_told_at_the_end_and_stops_no_other(benchmark, capsys):
    _, expected = benchmark("whole")
    capsys.readouterr()
    failing = Drifting(fails_at=40 + 30 * VIDEOS.index("b"))
    code, results = benchmark("out", tracker=failing)
    assert code == 1
    (line,) = capsys.readouterr().err.splitlines()
    note = benchmark.root / "out/failed/b.txt"
    assert line == (
        f"error: sequence b failed: RuntimeError: out of memory (see {note})"
    )
    assert "Traceback" in note.read_text()
    assert list(results["failed"]) == ["b"]
    assert list(results["sequences"]) == ["a", "c", "d", "e"]
    assert not (benchmark.root / "out/submission.zip").exists()
    code, results = benchmark("out")
    assert code == 0 and results["failed"] == {}
    assert _measures(results) == _measures(expected)
    assert not note.exists()


class Compiling(Drifting):
    """Takes its time with the first step, as if it had to compile it."""

    def step(self, state, frame):
        if self.num_calls < 2:
            time.sleep(0.5)
        return super().step(state, frame)


def test_every_sequence_has_its_speed_without_compilation(benchmark):
    _, results = benchmark("out", tracker=Compiling())
    speeds = [one["frames_per_second"] for one in results["sequences"].values()]
    assert len(speeds) == len(VIDEOS)
    assert min(speeds) > NUM_FRAMES / 0.4
    files = [*benchmark.root.rglob("*_time.txt"), *benchmark.root.rglob("*_time.value")]
    assert bool(files) == (benchmark.kind != "folder")
    assert all(
        float(value) < 0.4 for path in files for value in path.read_text().split()
    )


def test_results_of_a_video_without_truth_are_packed_for_the_server(benchmark, capsys):
    if benchmark.kind != "got10k":
        pytest.skip("this benchmark has no server")
    val = benchmark.root / "data" / "val"
    test = val.rename(val.with_name("test"))
    for video in VIDEOS:
        path = test / video / "groundtruth.txt"
        path.write_text(path.read_text().splitlines()[0])
    code, results = benchmark("out", "--split", "test")
    assert code == 0
    assert results["metrics"] == {} and list(results["sequences"]) == list(VIDEOS)
    assert (benchmark.root / "out/submission.zip").is_file()
    assert "nothing to score" in capsys.readouterr().out
    assert regions.read_regions(benchmark.root / "out/results/a/a_001.txt")
    code, _ = benchmark("out", "--split", "final")
    assert code == 2
    assert "no split 'final': choose from train, val, test" in capsys.readouterr().err
