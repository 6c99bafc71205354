import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory.entry import Reason
from samn_jax.tracking import (
    Tracker,
    init_tracker,
    multi_object,
    step_objects,
    trace,
    track_step,
)
from tests.tracking import color_net

FRAMES, MASKS = color_net.make_clip([(30 + 3 * i, 30 + 2 * i) for i in range(9)])
EXTENT = jnp.array([96, 120], jnp.int32)
BLANK, _ = color_net.draw([])
STRIDE = 16

# Each runs a few times only: what is saved on compiling is more than what it costs.
QUICK = {"xla_backend_optimization_level": 0}
init = jax.jit(
    init_tracker,
    static_argnums=0,
    static_argnames="from_mask",
    compiler_options=QUICK,
)
step = jax.jit(track_step, static_argnums=0, compiler_options=QUICK)
step_traced = jax.jit(trace.track_step_traced, static_argnums=0, compiler_options=QUICK)
step_objects_traced = jax.jit(
    trace.step_objects_traced, static_argnums=0, compiler_options=QUICK
)


def begin(spec, masks=MASKS):
    return init(spec, {}, FRAMES[0], EXTENT, np.float32(masks[0]), from_mask=True)[0]


@functools.cache
def run(**fields):
    """States before each frame, answers and traces of the clip from frame 1 on."""
    spec = color_net.make_spec(**fields)
    states, answers, traces = [begin(spec)], [], []
    for frame in FRAMES[1:]:
        state, answer, told = step_traced(spec, {}, states[-1], frame)
        states.append(state)
        answers.append(answer)
        traces.append(told)
    return spec, states, answers, traces


def assert_equal(one, other):
    jax.tree.map(np.testing.assert_array_equal, one, other)


def test_it_tracks_as_without_a_trace():
    spec, states, answers, _ = run()
    state = states[0]
    for frame, traced, answer in zip(FRAMES[1:], states[1:], answers, strict=True):
        state, alone = step(spec, {}, state, frame)
        same = functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-5)
        jax.tree.map(same, (traced, answer), (state, alone))


def test_programs_without_a_trace_hold_nothing_of_it(monkeypatch):
    """Off, nothing of a trace is even looked at when the program is made."""
    spec = color_net.make_spec()
    state = begin(spec)
    several = multi_object.empty_slots(state, 2)

    def lowered(function, state):
        fresh = jax.jit(lambda s, f: function(spec, {}, s, f))
        return fresh.lower(state, FRAMES[1])

    on = lowered(trace.track_step_traced, state)
    for name in ("trace_of", "_means", "_best_in_cells"):
        monkeypatch.setattr(trace, name, None)
    monkeypatch.setattr(type(spec.memory), "slots", None)
    off = lowered(track_step, state)
    lowered(step_objects, several)
    flops = [x.cost_analysis()["flops"] for x in (off, on)]
    assert 0 < flops[1] - flops[0] < 0.15 * flops[0]
    outputs = [len(jax.tree.leaves(x.out_info)) for x in (off, on)]
    wanted = len(jax.tree.leaves((run()[1][0], run()[2][0])))
    assert outputs[0] == wanted < outputs[1]


def test_a_trace_says_what_the_answer_says():
    _, states, answers, traces = run()
    for index, (answer, told) in enumerate(zip(answers, traces, strict=True)):
        assert told.frame_idx == index + 1 and told.found
        for name in ("confidence", "uncertainty"):
            np.testing.assert_array_equal(getattr(answer, name), getattr(told, name))
        np.testing.assert_allclose(told.area, MASKS[index + 1].sum(), rtol=0.2)
        assert_equal(told.slots, run()[0].memory.slots(states[index].memory))


def test_writes_are_told_with_their_reason():
    traces = run()[3]
    reasons = [int(told.report.reason) for told in traces]
    assert reasons[4] == Reason.KEPT, "frame 5 is due"
    assert reasons[0] == Reason.NOT_DUE
    assert traces[1].slots.frame_idx.tolist()[:2] == [0, 1]
    assert traces[1].report.forgotten == 1, "the last frame makes room for frame 2"


def masses_by_hand(spec, state, frame):
    """Attention of each cell to each slot, in numpy, and what of it is the target's."""
    seen = trace.tracker_lib.observe_alone(spec, {}, state, jnp.asarray(frame))
    query = np.float64(seen.region.query.key.attention[0]).reshape(16, -1)
    bank = state.memory.bank
    keys = np.float64(bank.key.attention).reshape(len(bank.valid), 16, -1)
    distance = ((query[:, None, None] - keys[None]) ** 2).sum(-1)
    logits = -distance / np.sqrt(query.shape[-1])
    logits[:, ~np.asarray(bank.valid)] = -np.inf
    weights = np.exp(logits - logits.max(axis=(1, 2), keepdims=True))
    masses = weights.sum(-1) / weights.sum(axis=(1, 2))[:, None]
    prob = np.float64(seen.prob)
    return masses, prob.reshape(4, 16, 4, 16).mean(axis=(1, 3)).ravel()


@pytest.mark.parametrize("index", [1, 7])
def test_attention_is_that_of_numpy(index):
    spec, states, _, traces = run()
    masses, share = masses_by_hand(spec, states[index - 1], FRAMES[index])
    told = traces[index - 1]
    close = functools.partial(np.testing.assert_allclose, rtol=2e-3, atol=1e-4)
    close(told.mass, masses.mean(0))
    close(told.target_mass, (share[:, None] * masses).sum(0) / share.sum())
    logs = np.log(np.where(masses > 0, masses, 1.0))
    entropies = -(masses * logs).sum(-1)
    close(told.entropy, entropies.mean())
    close(told.target_entropy, (share * entropies).sum() / share.sum())


def test_the_response_is_the_best_score_of_each_cell():
    spec, states, _, traces = run()
    seen = trace.tracker_lib.observe_alone(spec, {}, states[6], jnp.asarray(FRAMES[7]))
    scores = np.asarray(seen.estimate.localized.response.score_map)
    told = traces[6].response
    assert told.shape == (6, 6)
    for row in range(6):
        for column in range(6):
            cell = scores[STRIDE * row :, STRIDE * column :][:STRIDE, :STRIDE]
            np.testing.assert_allclose(told[row, column], cell.max(), rtol=1e-4)


def test_without_a_spatial_memory_there_is_no_response():
    _, _, _, traces = run(use_spatial=False)
    assert traces[-1].response is None and traces[-1].response_crop is None


def test_a_lost_target_is_traced():
    spec = color_net.make_spec(use_spatial=False)
    _, _, told = step_traced(spec, {}, begin(spec), BLANK)
    assert not told.found and told.area == 0 and told.confidence == 0
    assert told.report.reason == Reason.NOT_FOUND
    assert told.report.slot == 1, "as the last frame, not for long"
    assert np.isfinite(told.target_mass).all()


@pytest.mark.parametrize("design", ["ring", "mean", "xmem", "frozen+ring"])
def test_scan_gives_what_the_loop_does_for_any_design(design):
    fields = {"memory.design": design, "use_spatial": False}
    spec, states, _, traces = run(**fields)

    @functools.partial(jax.jit, compiler_options=QUICK)
    def video(state, frames):
        def follow(state, frame):
            state, _, told = trace.track_step_traced(spec, {}, state, frame)
            return state, told

        return jax.lax.scan(follow, state, frames)

    _, together = video(states[0], FRAMES[1:])
    apart = jax.tree.map(lambda *x: np.stack(x), *traces)
    same = functools.partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-5)
    jax.tree.map(same, together, apart)
    np.testing.assert_allclose(together.mass.sum(-1), 1.0, rtol=1e-4)
    assert together.mass.shape == together.slots.valid.shape


def test_several_objects_have_a_trace_each():
    spec = color_net.make_spec()
    one = begin(spec)
    state = multi_object.empty_slots(one, 3)
    state = multi_object.place_object(state, one, jnp.int32(1), jnp.int32(7))
    for index in (1, 2):
        state, _, told = step_objects_traced(spec, {}, state, FRAMES[index])
    alone = run()[3][1]
    same = functools.partial(np.testing.assert_allclose, rtol=1e-3, atol=1e-4)
    jax.tree.map(lambda x, y: same(x[1], y), told, alone)
    assert told.frame_idx.tolist() == [0, 2, 0], "empty slots are zero"


def test_the_host_gets_arrays_and_keeps_the_tracker():
    spec, _, answers, traces = run()
    tracker = Tracker(spec, {})
    state, _ = tracker.init(FRAMES[0], mask=MASKS[0])
    state, answer, told = trace.step_in_place(tracker, state, FRAMES[1])
    assert isinstance(told.mass, np.ndarray) and answer.mask.shape == (96, 120)
    np.testing.assert_allclose(told.mass, traces[0].mass, rtol=1e-3, atol=1e-4)
    several = tracker.add_state(None, tracker.init(FRAMES[0], mask=MASKS[0])[0])
    _, answer, told = trace.step_in_place(tracker, several, FRAMES[1])
    assert told.mass.shape[0] == len(answer.object_ids)
