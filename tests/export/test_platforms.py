"""Programs lowered for platforms that aren't there: each has its own parts alone."""

import functools
import re

import jax
import numpy as np
import pytest

from samn_jax.export import PLATFORMS
from samn_jax.memory.config import MemoryConfig
from samn_jax.models import lite
from samn_jax.tracking import TrackerSpec, init_tracker, track_step
from samn_jax.training import parallel, step, unroll
from samn_jax.training import state as state_lib
from tests.models import tiny_lite
from tests.tracking import color_net
from tests.training import tiny

HW = (64, 128)


def tracking_text(platform):
    """`init_tracker` and `track_step` of a tiny network with all of lite's parts."""
    network = lite.LiteNet(tiny_lite.CONFIG)
    spec = TrackerSpec.of(network, color_net.CONFIG)
    variables = tiny_lite.make_variables()
    first = functools.partial(init_tracker, spec, from_mask=True)
    frame = jax.ShapeDtypeStruct((*HW, 3), np.uint8)
    start = (
        variables,
        frame,
        jax.ShapeDtypeStruct((2,), np.int32),
        jax.ShapeDtypeStruct(HW, np.float32),
    )
    state, _ = jax.eval_shape(first, *start)
    following = jax.jit(functools.partial(track_step, spec))
    return lowered(jax.jit(first), platform, *start) + lowered(
        following, platform, variables, state, frame
    )


def lowered(jitted, platform, *arguments):
    return jitted.trace(*arguments).lower(lowering_platforms=(platform,)).as_text()


def training_text(platform):
    network = unroll.Network(lite.LiteNet(tiny_lite.CONFIG), MemoryConfig())
    objective = step.Objective(network, step.LossConfig(hard_steps=0))
    state = state_lib.init_state(tiny_lite.make_variables(), (), tiny.optimizer_of())
    function = functools.partial(step.train_step, objective, tiny.optimizer_of())
    batch = parallel.shard(tiny.batch(num_frames=2))
    mapped = jax.jit(parallel.pmap_step(function))
    return lowered(mapped, platform, parallel.replicate(state), batch)


@functools.cache
def texts(make):
    return {platform: make(platform) for platform in PLATFORMS}


def custom_calls(text):
    return set(re.findall(r"custom_call @([\w.$]+)", text))


@pytest.mark.parametrize("make", [tracking_text, training_text])
def test_no_platform_has_a_custom_call_of_another(make):
    found = {platform: custom_calls(text) for platform, text in texts(make).items()}
    shared = set.intersection(*found.values())
    own = {platform: calls - shared for platform, calls in found.items()}
    if make is tracking_text:  # It solves and decomposes; training has nothing so far.
        assert any(name.startswith("lapack_") for name in own["cpu"]), own
        assert own["cuda"] and own["tpu"]
    for platform in PLATFORMS:
        for other in set(PLATFORMS) - {platform}:
            assert not own[platform] & found[other]
    of_cpu = re.compile("lapack|blas|eigen|onednn", re.IGNORECASE)
    assert not [n for p in ("cuda", "tpu") for n in found[p] if of_cpu.search(n)]


@pytest.mark.parametrize("make", [tracking_text, training_text])
def test_convolutions_are_those_of_the_platform(make):
    grouped = re.compile(r"feature_group_count = (?!1 )\d+")
    found = {p: len(grouped.findall(text)) for p, text in texts(make).items()}
    assert found["cpu"] < found["cuda"] == found["tpu"], found
