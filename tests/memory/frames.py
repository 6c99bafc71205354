"""Entries of frames for tests of memories: random ones, and ones that tell a number."""

import functools

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


def track(design, entries, start=None, reads=None):
    """States, reads, reports and slots after each of some frames, in numpy.

    Every array has a leading axis of frames. `reads`, if given, are what the memory is
    told that was read, instead of what it did read.
    """
    state = first(design, start)
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *entries)
    return jax.tree.map(np.asarray, _scan(design, state, stacked, reads))


@functools.partial(jax.jit, static_argnums=0)
def _scan(design, state, entries, reads):
    def body(state, entry_and_read):
        entry, told = entry_and_read
        read = design.read(state, entry.key, READER) if told is None else told
        state, report = design.write(state, entry, read, READER)
        return state, (state, read, report, design.slots(state))

    return jax.lax.scan(body, state, (entries, reads))[1]


def held(slots):
    """Numbers of the frames that can be read after each frame, sorted."""
    pairs = zip(slots.frame_idx, slots.valid, strict=True)
    return [sorted(numbers[valid].tolist()) for numbers, valid in pairs]


def at(tree, step):
    """What arrays with a leading axis of frames are after one of them."""
    return jax.tree.map(lambda x: x[step], tree)
