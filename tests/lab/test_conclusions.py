"""Sentences say what the figures say, and no more."""

import numpy as np
import pytest

from samn_jax.lab import comparison, conclusions, paired, table
from samn_jax.lab.suite import Arm


def compared(changes, floor_noise):
    """A comparison in which arms differ from ring, clip by clip, by `changes`."""
    clips = {f"v{i}": f"v{i}" for i in range(len(floor_noise))}
    shifts = {"ring": np.zeros(len(clips)), "noise": np.asarray(floor_noise), **changes}

    def measures(shift):
        return {name: None for name in comparison.SCALARS} | {"J&F": 0.5 + shift}

    arms = [Arm(name, noise=int(name == "noise")) for name in shifts]
    tables = {
        name: {v: measures(x) for v, x in zip(clips, shift, strict=True)}
        for name, shift in shifts.items()
    }
    return comparison.compare(arms, "ring", tables, clips)


def test_what_is_resolved_comes_with_its_figures_best_first():
    rng = np.random.default_rng(0)
    found = compared(
        {
            "poor": -0.2 - 0.01 * rng.uniform(size=12),
            "good": 0.1 + 0.01 * rng.uniform(size=12),
        },
        0.001 * rng.normal(size=12),
    )
    good, poor = conclusions.of(found)
    assert good.startswith("good is better than ring: J&F +0.1")
    assert poor.startswith("poor is worse than ring: J&F -0.2")
    assert f"p {found['arms']['good']['difference']['p_holm']:.3f}" in good


def test_what_is_not_resolved_says_why():
    spread = np.tile([0.2, -0.19], 6)
    (told,) = conclusions.of(compared({"mine": spread}, np.full(12, 0.1)))
    assert told.startswith("mine can't be told from ring: J&F +0.005 [")
    assert "p is not below 0.05, chance alone moves ±0.057" in told
    assert "pairs would show" not in told, "no number of clips resolves it"
    steady = np.full(12, 0.01)
    (told,) = conclusions.of(compared({"mine": steady}, np.full(12, 0.1)))
    assert "; chance alone moves" in told and "p is not" not in told


def test_too_few_clips_come_first():
    found = compared({"mine": np.array([0.3, 0.3, 0.31])}, np.zeros(3))
    few, told = conclusions.of(found)
    assert few.startswith("3 clips are too few for any verdict: with 1 designs")
    assert "p is not below 0.05; about 6 pairs would show" in told
    assert found["arms"]["mine"]["difference"]["clips_needed"] == 6


def test_one_clip_is_nothing():
    (told,) = conclusions.of(compared({"mine": np.array([0.3])}, np.zeros(1)))
    assert told.startswith("Nothing can be told yet")


@pytest.mark.parametrize("designs", [1, 2, 4, 13])
def test_the_fewest_clips_are_those_from_which_p_can_be_significant(designs):
    def least(clips):
        p = paired.sign_flip_p(np.ones(clips))
        return max(paired.holm({str(i): p for i in range(designs)}).values())

    clips = paired.fewest_clips(designs, comparison.SIGNIFICANT)
    assert least(clips) < comparison.SIGNIFICANT <= least(clips - 1)


def test_the_table_of_the_terminal_ends_with_them():
    found = compared({"mine": np.full(3, 0.3)}, np.zeros(3))
    loops = {"closed": found}
    facts = {"suite": "tiny", "videos": 3, "clips": 3, "costs": {}, "failed": {}}
    text = table.format_results({**facts, "loops": loops, "remarks": []})
    assert text.endswith("\n".join(conclusions.of(found)))
