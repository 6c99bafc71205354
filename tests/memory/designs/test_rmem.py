"""Relevance and bonus against plain numpy over hand-made attention."""

import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory.designs.rmem import RMem
from samn_jax.memory.entry import Read
from tests.memory import frames

T, COUNT = 5, 24


def attention(seed, sharp):
    """Attention of every cell to every slot, for each frame."""
    logits = sharp * np.random.default_rng(seed).normal(size=(COUNT, 3, 3, T))
    weights = np.exp(logits)
    return (weights / weights.sum(-1, keepdims=True)).astype(np.float32)


def told(mass):
    """Reads of which only the attention to slots is known."""
    return Read(readout=None, slot_mass=jnp.asarray(mass), cell_mass=None)


def expected(entries, mass):
    """Frame, relevance and reads of every slot after each frame."""
    frame, relevance, reads = [0] + [-1] * (T - 1), np.zeros(T), np.zeros(T)
    keep_last, results = False, []
    for entry, its_mass in zip(entries, mass, strict=True):
        if entry.found:
            share = np.asarray(entry.share, np.float64)
            target = (its_mass * (share / share.sum())[..., None]).sum(axis=(0, 1))
            held = np.array(frame) >= 0
            relevance = np.where(held, 0.8 * target + 0.2 * relevance, relevance)
            reads = reads + held
            if keep_last:
                bonus = 1.5 * np.sqrt(np.log(reads.sum()) / (reads + 8))
                worth = np.where(held, relevance + bonus, -np.inf)
                slot = 2 + int(np.argmin(worth[2:]))
                for one in (frame, relevance, reads):
                    one[slot] = one[1]
            frame[1], relevance[1], reads[1] = int(entry.frame_idx), 0.0, 0.0
            keep_last = bool(entry.due)
        results.append((list(frame), relevance.copy(), reads.copy()))
    return results


@pytest.mark.parametrize("sharp", [0.3, 3.0])  # the bonus decides, or the relevance
def test_the_slot_of_least_relevance_and_bonus_goes(sharp):
    mass = attention(0, sharp)
    entries = [
        frames.random(i, due=i % 3 > 0, found=i % 7 > 0) for i in range(1, COUNT + 1)
    ]
    start = frames.random(0, given=True)
    states, _, _, slots = frames.track(RMem(T), entries, start, told(mass))
    for step, (frame, relevance, reads) in enumerate(expected(entries, mass)):
        assert slots.frame_idx[step].tolist() == frame
        held = np.array(frame) >= 0
        np.testing.assert_allclose(
            states.facts.relevance[step][held], relevance[held], rtol=1e-5
        )
        np.testing.assert_array_equal(states.facts.reads[step][held], reads[held])


def test_attention_outside_of_the_target_is_of_no_relevance():
    mass = attention(1, 1.0)
    entries = [frames.random(i) for i in range(1, COUNT + 1)]
    share = np.asarray(entries[0].share)
    other = np.where(share[..., None] > 0, mass, attention(2, 1.0))
    start = frames.random(0, given=True)
    one, same = (
        frames.track(RMem(T), entries, start, told(x))[0] for x in (mass, other)
    )
    assert (share == 0).any() and (mass != other).any()
    np.testing.assert_allclose(one.facts.relevance, same.facts.relevance, rtol=1e-6)
    np.testing.assert_array_equal(one.bank.frame_idx, same.bank.frame_idx)
