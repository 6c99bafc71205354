"""Training under the tracker's own memory policy: what is kept, and gradients."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.data.clips import pipeline, sampling
from samn_jax.data.clips.config import SamplingConfig
from samn_jax.errors import InputError
from samn_jax.memory import registry
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.entry import Value
from samn_jax.training import policy, step, unroll, validation
from samn_jax.training import state as state_lib
from tests.training import tiny
from tests.training.test_step import one_device

TRACKED = policy.PolicyConfig(as_tracked=True, capacity=4, min_area_px=4)
FRAMES = 7


def network(memory=None, **settings):
    settings = {"policy": TRACKED, **settings}
    plain = tiny.objective(**settings).network
    return plain._replace(memory=memory or MemoryConfig(memorize_every=4))


def run(batch, variables=None, **settings):
    function = jax.jit(functools.partial(unroll.unroll, network(**settings)))
    return np.asarray(function(variables or tiny.variables(), batch))


def long_batch(gaps=(1, 2, 3, 1, 5, 2)):
    """Returns clips of more frames than the memory has slots."""
    frames = len(gaps) + 1
    config = SamplingConfig(crop_size=tiny.SIZE, max_gap=1, num_frames=frames)
    clips = sampling.Clips((), tiny.videos(2, frames + 2), config)
    draws = pipeline.batches(clips, batch_size=4, seed=0)
    batch, _ = validation.split_batch(next(draws))
    times = np.concatenate(([0], np.cumsum(gaps))).astype(np.int32)
    return batch._replace(times=np.stack([times, times, times * 2, times * 4]))


def ring_of(times, every, slots, found):
    """Returns for each predicted frame the frames that a ring can read, as a list."""
    kept, last, last_due, states = [], None, False, []
    for index in range(1, len(times)):
        states.append([0, *kept, *([] if last is None else [last])])
        if last_due:
            kept = [*kept, last][-(slots - 2) :]
        last = index
        between = range(times[index - 1] + 1, times[index] + 1)
        last_due = found[index] and any(t % every == 0 for t in between)
    return states


def odds_of(batch, clip, index, frames, masks):
    """Returns a frame's log-odds from a memory of some frames, by numpy."""
    net, variables = tiny.TinyNet(), tiny.variables()
    apply = functools.partial(net.apply, variables)
    images = batch.frames[clip].astype(np.float32) / np.float32(255)
    keys, values = [], []
    for i in frames:
        query = apply(images[i][None], method="encode_query")
        key, value = apply(
            images[i][None], query, jnp.asarray(masks[i])[None], method="encode_memory"
        )
        keys.append(np.asarray(key.attention).reshape(-1, 3))
        values.append(np.asarray(value.attention).reshape(-1, 2))
    query = apply(images[index][None], method="encode_query")
    keys, values = np.concatenate(keys), np.concatenate(values)
    distance = np.square(np.asarray(query.key.attention).reshape(-1, 1, 3) - keys)
    weights = np.exp(-distance.sum(-1) / np.sqrt(3))
    readout = (weights / weights.sum(1, keepdims=True)) @ values
    readout = jnp.asarray(readout.reshape(1, 2, 2, 2), jnp.float32)
    log_odds = apply(Value.plain(readout), query, jnp.zeros((1, 2)), method="decode")
    return np.asarray(log_odds[0])


def test_an_interval_ends_where_one_of_the_frames_between_is_due():
    memory = MemoryConfig(memorize_every=5)
    times = np.cumsum(np.random.default_rng(0).integers(1, 9, 60))
    found = policy.due(memory, jnp.asarray(times[1:]), jnp.asarray(times[:-1]))
    for before, now, is_due in zip(times[:-1], times[1:], found, strict=True):
        between = range(int(before) + 1, int(now) + 1)
        assert bool(is_due) == any(bool(memory.due(t)) for t in between)
    never = MemoryConfig(memorize_every=0)
    assert not policy.due(never, jnp.asarray(times[1:]), jnp.asarray(times[:-1])).any()


def test_a_ring_of_few_slots_keeps_and_forgets_by_the_frames_times():
    batch = long_batch()
    logits = run(batch, mode="mask")
    odds = logits[:, :, 1] - logits[:, :, 0]
    readable = set()
    for clip in (0, 3):
        truth = [(m == 1).astype(np.float32) for m in batch.masks[clip]]
        found = [m.sum() > 4 for m in truth]
        states = ring_of(batch.times[clip], 4, 4, found)
        for index, frames in enumerate(states, start=1):
            expected = odds_of(batch, clip, index, frames, truth)
            np.testing.assert_allclose(odds[index - 1, clip], expected, atol=2e-5)
        readable.add(tuple(states[-1]))
    # Other times, other frames; in the last clip all are due, and the second goes.
    assert readable == {(0, 3, 5), (0, 2, 4, 5)} and 1 in states[1]


def test_all_that_is_off_is_as_without_a_policy():
    batch = long_batch()
    off = dataclasses.replace(TRACKED, as_tracked=False)
    plain = np.asarray(
        jax.jit(functools.partial(unroll.unroll, tiny.objective().network))(
            tiny.variables(), batch
        )
    )
    memory = MemoryConfig()
    np.testing.assert_array_equal(run(batch, policy=off, memory=memory), plain)
    wide = dataclasses.replace(TRACKED, capacity=FRAMES, threshold=0.0, min_area_px=0)
    every = MemoryConfig(memorize_every=1, filter_samples=False)
    same = run(batch, policy=wide, memory=every)
    np.testing.assert_allclose(same, plain, atol=2e-5)


def test_frames_without_a_target_are_not_written():
    variables = tiny.variables()
    bias = variables["params"]["mask_head"]["bias"]
    variables["params"]["mask_head"]["bias"] = bias - 50.0  # it never finds anything
    batch, memory = long_batch(), MemoryConfig(remember_lost=False)
    found = run(batch, variables, memory=memory)
    alone = run(batch, variables, memory=MemoryConfig("frozen+ring"))
    np.testing.assert_allclose(found, alone, atol=1e-5)
    remembered = run(batch, variables, memory=MemoryConfig(remember_lost=True))
    assert np.abs(remembered - found).max() > 1e-3


def test_uncertain_frames_are_filtered():
    unsure = dataclasses.replace(TRACKED, uncertain_share=1.0)
    batch, memory = long_batch(), MemoryConfig(memorize_every=1)
    filtered = run(batch, policy=unsure, memory=memory)
    last_alone = run(batch, memory=MemoryConfig(memorize_every=0))
    np.testing.assert_allclose(filtered, last_alone, atol=1e-5)
    kept = run(
        batch, policy=unsure, memory=dataclasses.replace(memory, filter_samples=False)
    )
    assert np.abs(kept - filtered).max() > 1e-4


def facts(prob, **changes):
    frame = policy.Circumstances(
        *map(jnp.int32, (7, 3)), *map(jnp.bool_, (False, True, False)), jnp.float32(0.5)
    )
    frame = frame._replace(**{k: jnp.asarray(v) for k, v in changes.items()})
    config = dataclasses.replace(TRACKED, min_area_px=10, uncertain_share=0.25)
    tell = functools.partial(policy.facts, config, MemoryConfig(memorize_every=5))
    return jax.tree.map(np.asarray, jax.jit(tell)(frame, jnp.asarray(prob)))


def test_what_a_frame_says_is_measured_from_its_mask():
    prob = np.zeros((32, 32), np.float32)
    prob[4:8, 4:9] = 0.75
    prob[20:22, 20:22] = 0.9  # a smaller component is not the target's
    found = facts(prob)
    assert found["found"] and found["due"] and found["certain"]
    assert found["frame_idx"] == 7 and not found["given"]
    assert found["area"] == 20 and found["confidence"] == pytest.approx(0.75)
    prob[4:8, 4:9] = 0.4
    lost = facts(prob)
    assert not lost["found"] and lost["area"] == 0 and lost["confidence"] == 0
    assert not facts(prob, draw=np.float32(0.2))["certain"]
    assert not facts(prob, visible=False)["certain"]
    assert not facts(prob, number=np.int32(4))["due"]
    first = facts(prob, given=True, draw=np.float32(0.0))
    assert first["found"] and first["given"] and first["certain"]


@pytest.mark.parametrize("design", sorted(registry.DESIGNS))
def test_every_design_is_trained_under_its_own_policy(design):
    own = {"dam4sam": {"anchors": 2}}.get(design, {})
    memory = MemoryConfig().replaced({"design": design, "memorize_every": 2}, own)
    net = network(memory, gradient_frames=2)
    objective = step.Objective(net, step.LossConfig(hard_steps=0))
    state = state_lib.init_state(tiny.variables(), (), tiny.optimizer_of())
    gradients, metrics = jax.jit(functools.partial(step._gradients, objective))(
        state, long_batch(gaps=(1, 2, 3, 1))
    )
    assert np.isfinite(metrics["loss"])
    for name, value in gradients.items():
        assert np.isfinite(value).all(), name
    assert np.abs(gradients["value_head/kernel"]).max() > 0


def test_a_design_of_a_file_with_weights_of_its_own_is_trained(tmp_path):
    path = tmp_path / "my.py"
    path.write_text(
        "import dataclasses\nimport jax.numpy as jnp\n"
        "from samn_jax.memory.designs.ring import Ring\n"
        "@dataclasses.dataclass(frozen=True)\n"
        "class Mine(Ring):\n"
        "    def init_parameters(self, key, entry):\n"
        "        return {'gain': jnp.ones(())}\n"
        "    def read(self, state, query, reader):\n"
        "        read = super().read(state, query, reader)\n"
        "        more = lambda x: x * reader.parameters['gain']\n"
        "        out = read.readout._replace(attention=more(read.readout.attention))\n"
        "        return read._replace(readout=out)\n"
    )
    objective = step.Objective(
        network(MemoryConfig(f"{path}:Mine")), step.LossConfig(hard_steps=0)
    )
    variables = {**tiny.variables(), "memory": {"gain": jnp.ones(())}}
    start = state_lib.init_state(variables, (), tiny.optimizer_of())
    after, metrics = one_device(objective)(start, long_batch())
    assert np.isfinite(metrics["loss"])
    assert after.params["memory:gain"] != start.params["memory:gain"]


def last_gradients(**settings):
    """Returns gradients of each predicted frame's logits, by the names of weights."""
    batch = jax.tree.map(jnp.asarray, tiny.batch(num_frames=5))
    net = network(mode="mask", **settings)

    @functools.partial(jax.jit, static_argnums=1)
    def gradients(params, index):
        def total(params):
            variables = {**tiny.variables(), "params": params}
            return jnp.sum(unroll.unroll(net, variables, batch)[index] ** 2)

        return jax.grad(total)(params)

    params = tiny.variables()["params"]
    return [
        jax.tree.map(lambda x: float(jnp.abs(x).max()), gradients(params, i))
        for i in range(4)
    ]


def test_gradients_are_cut_at_the_stretches_of_a_clip():
    whole, cut = last_gradients(), last_gradients(gradient_frames=2)
    assert all(g["value_head"]["kernel"] > 1e-3 for g in whole)
    # The third predicted frame begins a stretch: it takes the memory as it finds it.
    assert [g["value_head"]["kernel"] > 0 for g in cut] == [True, True, False, True]
    assert all(g["key_head"]["kernel"] > 0 for g in cut)


def test_the_cut_changes_gradients_alone():
    batch = long_batch()
    np.testing.assert_array_equal(run(batch), run(batch, gradient_frames=2))


def test_settings_are_checked():
    with pytest.raises(InputError, match="uncertain_share is 2"):
        policy.PolicyConfig(uncertain_share=2.0)
    with pytest.raises(InputError, match="gradient_frames is -1"):
        unroll.UnrollConfig(gradient_frames=-1)
    few = dataclasses.replace(TRACKED, capacity=2)
    with pytest.raises(InputError, match="policy.capacity .* ring needs 3 slots"):
        dataclasses.replace(tiny.config(), unroll=unroll.UnrollConfig(policy=few))
