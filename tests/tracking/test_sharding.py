"""Videos spread over devices by `jax.shard_map`, with its checks on."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec

from samn_jax.tracking import init_tracker, track_step
from tests.tracking import color_net

VIDEOS = PartitionSpec("videos")
FRAMES, MASKS = color_net.make_clip([(30 + 3 * i, 30 + 2 * i) for i in range(4)])
EXTENT = jnp.array([96, 120], jnp.int32)
QUICK = {"xla_backend_optimization_level": 0}


def over_videos(function):
    """The function of one video, each of two devices with one."""

    def local(*batch):
        one = jax.tree.map(lambda x: x[0], batch)
        return jax.tree.map(lambda x: x[None], function(*one))

    mesh = jax.make_mesh((2,), ("videos",), axis_types=(jax.sharding.AxisType.Auto,))
    return jax.shard_map(local, mesh=mesh, in_specs=VIDEOS, out_specs=VIDEOS)


def begin(spec, frame, mask):
    return init_tracker(spec, {}, frame, EXTENT, mask, from_mask=True)[0]


def stack(*trees):
    return jax.tree.map(lambda *x: jnp.stack(x), *trees)


def test_two_devices_track_as_one_does():
    # The spatial memory's loops are checked below; without it all compiles sooner.
    spec = color_net.make_spec(use_spatial=False)
    step = functools.partial(track_step, spec, {})
    start = jax.jit(functools.partial(begin, spec), compiler_options=QUICK)
    states = [start(FRAMES[i], MASKS[i].astype(np.float32)) for i in range(2)]
    sharded = jax.jit(over_videos(step), compiler_options=QUICK)
    ours = sharded(stack(*states), FRAMES[1:3])
    assert len(ours[1].mask.sharding.device_set) == 2
    plain = jax.jit(step, compiler_options=QUICK)
    wanted = stack(*[plain(states[i], FRAMES[i + 1]) for i in range(2)])
    same = functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-5)
    jax.tree.map(same, ours, wanted)


@pytest.mark.parametrize(
    "fields",
    [{"memory.machine.mode": "emd"}, {"crop_samples": 2}, {"memory.chunk_slots": 2}],
)
def test_every_loop_passes_the_checks(fields):
    spec = color_net.make_spec(**fields)

    def track(frame, mask, later):
        return track_step(spec, {}, begin(spec, frame, mask), later)

    given = FRAMES[:2], MASKS[:2].astype(np.float32), FRAMES[1:3]
    _, answer = jax.eval_shape(over_videos(track), *given)
    assert answer.mask.shape == (2, 96, 120)
