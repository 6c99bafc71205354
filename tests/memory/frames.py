"""Entries of frames for tests of memories: random ones, and ones that tell a number."""

import jax
import jax.numpy as jnp
import numpy as np

from samn_jax.memory import reader as reader_lib
from samn_jax.memory.entry import Key, Value, make_entry

H = W = 3
CK, CF, CV, L = 6, 4, 5, 2
SIZE = 16 * H
READER = reader_lib.Reader("l2")


def numbered(number, regression=True, **facts):
    """An entry whose key is its frame's number and whose value is minus that."""
    width = (CF, L) if regression else (0, 0)
    key = Key(jnp.full((H, W, CK), float(number)), jnp.full((H, W, width[0]), 0.5))
    value = Value(jnp.full((H, W, CV), -float(number)), jnp.full((H, W, width[1]), 0.5))
    return make_entry(key, value, jnp.zeros((SIZE, SIZE)), number, **facts)


def random(number, regression=True, **facts):
    """An entry of random cells, the upper half of them the target's."""
    rng = np.random.default_rng(number)

    def draw(channels):
        return jnp.asarray(rng.normal(size=(H, W, channels)), jnp.float32)

    width = (CF, L) if regression else (0, 0)
    key, value, features = draw(CK), draw(CV), draw(CF)
    share = jnp.zeros((H, W, 1)).at[: H // 2 + 1].set(1.0)
    labels = jnp.concatenate((share, draw(1)), -1)[..., : width[1]]
    prob = jnp.repeat(jnp.repeat(share[..., 0], 16, axis=0), 16, axis=1)
    key, value = Key(key, features[..., : width[0]]), Value(value, labels)
    return make_entry(key, value, prob, number, **facts)


def first(design, entry=None, reader=READER):
    """A design's memory of its first frame."""
    entry = numbered(0, given=True) if entry is None else entry
    return jax.jit(design.init, static_argnums=1)(entry, reader)


def step(design, state, entry, reader=READER):
    """One frame as the tracker does it: state, read and report."""
    read = design.read(state, entry.key, reader)
    state, report = design.write(state, entry, read, reader)
    return state, read, report
