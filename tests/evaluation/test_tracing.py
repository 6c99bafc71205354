"""Traces beside the results: they decide nothing, and what is finished stays so."""

import json

import pytest

from samn_jax.evaluation.trackers import registry as trackers
from samn_jax.inspect import trace_file
from samn_jax.tracking import Tracker
from tests.evaluation.test_run import (  # noqa: F401
    CLIPS,
    NUM_FRAMES,
    _error,
    _run,
    data_dir,
)
from tests.tracking import color_net


@pytest.fixture
def tracker(monkeypatch):
    """Counts the steps of a tracker without weights."""
    fields = {"use_spatial": False, "min_area_px": 4, "memory.memorize_every": 2}
    made = Tracker(color_net.make_spec(**fields), {})
    about = {"tracker": "color"}
    monkeypatch.setattr(trackers, "load_tracker", lambda *_: (made, about))
    return made


def digests(out):
    return {p.name: p.read_bytes() for p in sorted((out / "masks").rglob("*.png"))}


def test_a_traced_run_has_the_same_results_and_a_trace_a_video(data_dir, tracker):  # noqa: F811
    assert _run(data_dir)[0] == 0
    out = data_dir.parent / "out"
    plain = digests(out)
    assert not (out / "traces").exists(), "off unless asked for"
    out.rename(data_dir.parent / "plain")
    assert _run(data_dir, "--trace")[0] == 0
    assert digests(out) == plain
    assert sorted(p.stem for p in (out / "traces").iterdir()) == list(CLIPS)
    trace = trace_file.load(out / "traces" / "b.npz")
    assert (trace.video, trace.design) == ("b", "ring")
    (one,) = trace.objects
    assert one.trace.frame.tolist() == list(range(NUM_FRAMES))
    assert (one.trace.region[1:] > 0.5).all(), "J is known"
    facts = [
        json.loads((x / "run.json").read_text()) for x in (out, out.parent / "plain")
    ]
    assert facts[0] == facts[1], "it is the same run"


def test_a_resumed_run_does_what_is_missing_alone(data_dir, tracker, monkeypatch):  # noqa: F811
    assert _run(data_dir, "--trace")[0] == 0
    out = data_dir.parent / "out"
    (out / "finished" / "b.json").unlink()
    before = {p: p.stat().st_mtime_ns for p in out.glob("traces/*")}
    assert _run(data_dir, "--trace")[0] == 0
    after = {p: p.stat().st_mtime_ns for p in out.glob("traces/*")}
    changed = [p.stem for p in after if after[p] != before[p]]
    assert changed == ["b"], "tracked again from its first frame, and traced"
    trace = trace_file.load(out / "traces" / "b.npz")
    assert trace.objects[0].trace.frame.tolist() == list(range(NUM_FRAMES))


def test_a_finished_run_gets_its_traces_and_keeps_its_results(data_dir, tracker):  # noqa: F811
    assert _run(data_dir)[0] == 0
    out = data_dir.parent / "out"
    records = {p: p.read_bytes() for p in out.glob("finished/*")}
    masks = {p: p.stat().st_mtime_ns for p in out.rglob("*.png")}
    assert _run(data_dir, "--trace")[0] == 0
    assert len(list(out.glob("traces/*.npz"))) == len(CLIPS)
    assert {p: p.read_bytes() for p in out.glob("finished/*")} == records
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*.png")} == masks
    assert not list(out.glob(".traces*")), "nothing is left over"
    damaged = out / "traces" / "c.npz"
    damaged.write_bytes(damaged.read_bytes()[:-50])
    assert _run(data_dir, "--trace")[0] == 0
    assert trace_file.load(damaged).video == "c"
    assert _run(data_dir)[0] == 0, "nor does a run without them mind"


def test_a_lone_object_is_known_by_its_own_id(data_dir, tracker):  # noqa: F811
    from samn_jax.data.formats import images

    for path in (data_dir / "Annotations" / "a").iterdir():
        images.write_mask(path, 3 * images.read_mask(path))
    _, out = _run(data_dir, "--trace", "--sequences", "a")
    (one,) = trace_file.load(out / "traces" / "a.npz").objects
    assert one.name == "object 3" and (one.trace.region[1:] > 0.5).all()


def test_several_objects_are_traced_each(data_dir, tracker):  # noqa: F811
    from samn_jax.data.formats import images

    for path in (data_dir / "Annotations" / "a").iterdir():
        ids = images.read_mask(path)
        ids[15:20][ids[15:20] == 1] = 2
        images.write_mask(path, ids)
    _, out = _run(data_dir, "--trace", "--sequences", "a")
    names = [one.name for one in trace_file.load(out / "traces" / "a.npz").objects]
    assert names == ["object 1", "object 2"]


def test_a_tracker_without_a_memory_is_refused(data_dir, capsys):  # noqa: F811
    code, out = _run(data_dir, "--trace")
    assert code == 2 and "has none" in _error(capsys)
    assert not (out / "masks").exists()


def test_where_nothing_is_tracked_it_is_refused(data_dir, capsys):  # noqa: F811
    code, _ = _run(data_dir, "--trace", "--score_only", str(data_dir))
    assert code == 2 and "--trace changes nothing" in _error(capsys)
