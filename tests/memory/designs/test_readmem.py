"""The Gram determinant against numpy, and the exchange against brute force."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory.designs import readmem
from samn_jax.memory.entry import Key, Reason
from tests.memory import frames, plain

RIDGE = 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_log_determinant_is_numpys_of_the_chosen_frames(seed):
    rng = np.random.default_rng(seed)
    keys = rng.normal(size=(6, 2, 2, 3)).astype(np.float32)
    keys[5] = keys[4] * 2.0  # the same direction: the determinant is next to 0
    gram = np.asarray(jax.jit(readmem.gram)(keys))
    flat = keys.reshape(6, -1)
    np.testing.assert_allclose(gram, plain.cosines(flat, flat), atol=1e-6)
    determinant = jax.jit(readmem.log_determinant)
    for rows in ([0], [0, 2, 3], [1, 2, 3, 4], [0, 3, 4, 5]):
        chosen = np.isin(np.arange(6), rows)
        part = gram.astype(np.float64)[np.ix_(rows, rows)]
        sign, wanted = np.linalg.slogdet(part + RIDGE * np.eye(len(rows)))
        assert sign == 1
        np.testing.assert_allclose(determinant(gram, chosen), wanted, atol=5e-3)


def make(seed, like, count=30):
    """Entries whose keys are, by a share, that of the first frame."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(3, 3, frames.CK))
    entries = []
    for number in range(count + 1):
        own = rng.normal(size=base.shape)
        share = 1.0 if number == 0 else like(number, rng)
        key = share * base + (1.0 - abs(share)) * own
        entry = frames.random(number, given=number == 0)
        key = Key(jnp.asarray(key, jnp.float32), entry.key.regression)
        entries.append(entry._replace(key=key))
    return entries


def log_determinant(keys):
    gram = plain.cosines(keys, keys) + RIDGE * np.eye(len(keys))
    return np.linalg.slogdet(gram)[1]


def swap(keys):
    """The kept frame whose exchange is best, or the last one if none is good."""

    def loses(kept, last, _):
        now = log_determinant(keys[[0, *kept]])
        after = {
            gone: log_determinant(keys[[0, last, *(k for k in kept if k != gone)]])
            for gone in kept
        }
        best = max(after, key=after.get)
        return best if after[best] > now else last

    return loses


@pytest.mark.parametrize("seed", range(2))
def test_the_swap_that_raises_the_determinant_most_is_made_if_any_does(seed):
    entries = make(seed, lambda _, rng: rng.uniform(0.45, 0.9))
    keys = np.stack([np.asarray(e.key.attention, np.float64).ravel() for e in entries])
    alike = plain.cosines(keys, keys)[0] > 0.5

    def keeps(number):
        return number % 2 == 0 and alike[number]

    design = readmem.ReadMem(capacity=5, every=2)
    _, _, reports, slots = frames.track(design, entries[1:], entries[0])
    facts = [{}] * (len(entries) - 1)
    assert frames.held(slots) == plain.simulate(facts, 3, keeps, swap(keys))
    candidates = sum(keeps(number) for number in range(1, len(entries)))
    assert candidates > 8
    for number, reason in enumerate(reports.reason, 1):
        wanted = Reason.KEPT if alike[number] else Reason.POOR
        assert reason == (wanted if number % 2 == 0 else Reason.NOT_DUE)


def test_frames_unlike_the_first_are_poor():
    entries = make(0, lambda number, _: -0.9 if number % 2 else 0.9, count=6)
    design = readmem.ReadMem(capacity=5, every=1)
    _, _, reports, slots = frames.track(design, entries[1:], entries[0])
    assert reports.reason.tolist() == [Reason.POOR, Reason.KEPT] * 3
    assert frames.held(slots)[-1] == [0, 2, 4, 6]
