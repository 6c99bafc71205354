import dataclasses
import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.memory.config import MemoryConfig
from samn_jax.models import lite
from samn_jax.training import parallel, step, unroll
from samn_jax.training import state as state_lib
from tests.models import tiny_lite
from tests.training import tiny


def one_device(objective, optimizer=tiny.optimizer_of):
    mapped = compiled(objective, optimizer)

    def run(state, batch):
        stacked = jax.tree.map(lambda x: x[None], (state, batch))
        return jax.tree.map(lambda x: x[0], mapped(*stacked))

    return run


@functools.cache
def compiled(objective, optimizer):
    function = functools.partial(step.train_step, objective, optimizer())
    return jax.pmap(function, axis_name=step.DEVICES, devices=jax.devices()[:1])


def batch_of():
    return tiny.batch(num_frames=2)


def close(first, second, atol):
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(
            np.asarray(a, np.float32), np.asarray(b, np.float32), atol=atol
        ),
        first,
        second,
    )


def test_loss_falls_on_one_batch():
    run, state, batch = one_device(tiny.objective()), tiny.state(), batch_of()
    losses = []
    for _ in range(40):
        state, metrics = run(state, batch)
        losses.append(float(metrics["loss"]))
    assert losses[-1] < 0.8 * losses[0], losses


def test_terms_equal_plain_formulas():
    objective, batch = tiny.objective(2), tiny.batch(max_objects=2)
    network = functools.partial(unroll.unroll, objective.network)
    logits = np.asarray(jax.jit(network)(tiny.variables(), batch))
    terms = jax.jit(functools.partial(step.clip_terms, objective))(
        logits, batch, np.int32(100)
    )
    share = np.exp(logits) / np.exp(logits).sum(2, keepdims=True)
    for frame in range(2):
        for clip in range(4):
            ids = batch.masks[clip, frame + 1].astype(int)
            entropy = -np.log(np.take_along_axis(share[frame, clip], ids[None], 0))
            hardest = np.sort(entropy.ravel())[::-1][: int(0.3 * ids.size)]
            np.testing.assert_allclose(
                terms.cross_entropy[frame, clip], hardest.mean(), rtol=2e-3
            )
            losses = []
            for i in np.unique(batch.masks[clip, 0])[1:]:
                p, t = share[frame, clip, i], (ids == i).astype(np.float32)
                losses.append(1 - np.minimum(p, t).sum() / np.maximum(p, t).sum())
            np.testing.assert_allclose(
                terms.iou_loss[frame, clip], np.mean(losses), rtol=1e-3
            )


def test_other_losses_by_name_are_added():
    batch, variables = batch_of(), tiny.variables()
    more = dataclasses.replace(tiny.objective().loss, others=(("soft_dice", 0.5),))

    def loss_of(objective):
        start = tiny.state()
        loss = functools.partial(step.loss_fn, objective)
        return jax.jit(loss)(start.params, start.frozen, batch, jnp.int32(9))[0]

    plain = loss_of(tiny.objective())
    objective = tiny.objective()._replace(loss=more)
    network = functools.partial(unroll.unroll, objective.network)
    logits = jax.jit(network)(variables, batch)
    prob = np.asarray(jax.nn.softmax(logits, axis=2))[:, :, 1]
    truth = np.asarray(batch.masks[:, 1] == 1, np.float32)
    dice = [
        1 - 2 * (p * t).sum() / ((p**2).sum() + (t**2).sum())
        for p, t in zip(prob[0], truth, strict=True)
    ]
    assert float(loss_of(objective) - plain) == pytest.approx(
        0.5 * np.mean(dice), rel=1e-3
    )


@pytest.mark.parametrize("pair", [("dise", 1.0), ("soft_dice", 0.0)])
def test_unknown_losses_are_refused(pair):
    with pytest.raises(InputError, match=r"others has .*soft_iou, soft_dice"):
        step.LossConfig(others=(pair,))


def test_bfloat16_steps_near_float32_and_keeps_float32_weights():
    found = {}
    for dtype in ("float32", "bfloat16"):
        config = dataclasses.replace(tiny_lite.CONFIG, compute_dtype=dtype)
        network = unroll.Network(lite.LiteNet(config), MemoryConfig())
        objective = step.Objective(network, step.LossConfig(hard_steps=0))
        variables = tiny_lite.make_variables(config)
        start = state_lib.init_state(variables, ("^trunk/",), tiny.optimizer_of())
        after, metrics = one_device(objective)(start, batch_of())
        assert {x.dtype for x in jax.tree.leaves(after.params)} == {
            jnp.dtype("float32")
        }
        moved = jax.tree.map(
            lambda a, b: jnp.abs(a - b).max(), after.params, start.params
        )
        assert max(map(float, jax.tree.leaves(moved))) > 1e-3
        found[dtype] = float(metrics["loss"])
    assert found["bfloat16"] == pytest.approx(found["float32"], rel=0.05)
    assert found["bfloat16"] != found["float32"]


def test_frozen_weights_and_statistics_stay():
    frozen = ("^key_head/",)
    state = tiny.state(frozen)
    after, _ = one_device(tiny.objective())(state, batch_of())
    assert set(state.frozen) == {
        "key_head/kernel",
        "key_head/bias",
        "batch_stats:shift",
    }
    chex.assert_trees_all_equal(state.frozen, after.frozen)
    moved = {k: bool((state.params[k] != v).any()) for k, v in after.params.items()}
    assert all(moved.values()), moved


def test_average_follows_the_weights():
    run, state, batch = one_device(tiny.objective()), tiny.state(), batch_of()
    expected = dict(state.params)
    for count in range(3):
        state, _ = run(state, batch)
        decay = (1 + count) / (10 + count)
        expected = {
            k: decay * v + (1 - decay) * state.params[k] for k, v in expected.items()
        }
    close(state.average, expected, 1e-6)


def test_parts_of_a_batch_add_up_to_it():
    batch = batch_of()
    # By SGD: the keys' bias has a gradient of rounding alone, which Adam would enlarge.
    whole, metrics = one_device(tiny.objective(), tiny.sgd)(
        tiny.state(name="sgd"), batch
    )
    parts, again = one_device(tiny.objective(accumulate=2), tiny.sgd)(
        tiny.state(name="sgd"), batch
    )
    close((whole.params, metrics), (parts.params, again), 1e-5)


def test_two_devices_equal_one():
    assert jax.local_device_count() == 2
    objective, draws = tiny.objective(), tiny.batches()
    single, state = one_device(objective, tiny.sgd), tiny.state(name="sgd")
    function = functools.partial(step.train_step, objective, tiny.sgd())
    replicas, mapped = parallel.replicate(state), parallel.pmap_step(function)
    for _ in range(5):
        arrays = next(draws)
        batch = unroll.Batch(arrays["frames"], arrays["masks"], arrays["centers"])
        state, metrics = jax.block_until_ready(single(state, batch))
        replicas, other = mapped(replicas, parallel.shard(batch))
    assert int(parallel.unreplicate(replicas).step) == 5
    close(state.params, parallel.unreplicate(replicas).params, 1e-5)
    close(metrics, parallel.unreplicate(other), 1e-5)


def test_the_hardest_share_falls():
    config = step.LossConfig(hard_fraction=0.2, hard_steps=10)
    shares = [float(step._hard_fraction(config, jnp.int32(n))) for n in (0, 5, 50)]
    np.testing.assert_allclose(shares, [1.0, 0.6, 0.2], rtol=1e-6)
    at_once = step.LossConfig(hard_fraction=0.2, hard_steps=0)
    assert float(step._hard_fraction(at_once, jnp.int32(0))) == pytest.approx(0.2)
