"""The statistics against scipy, and against what is known of them."""

import itertools

import numpy as np
import pytest
from scipy import stats

from samn_jax.lab import paired


def test_clips_are_the_unit():
    values = {"a.f": 0.5, "a.b": 0.7, "b.f": 0.2, "c.f": 0.9}
    base = {"a.f": 0.4, "a.b": 0.4, "b.f": 0.3}
    clips = {"a.f": "a", "a.b": "a", "b.f": "b", "c.f": "c"}
    differences, pairs = paired.by_clip(values, base, clips)
    np.testing.assert_allclose(differences, [0.2, -0.1])
    assert pairs == 3, "what only one of the two has tracked is no pair"


def test_interval_is_scipys_bootstrap():
    values = np.random.default_rng(3).normal(0.02, 0.1, 25)
    wanted = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=1
    ).confidence_interval
    np.testing.assert_allclose(paired.bootstrap_interval(values), wanted, atol=2e-3)


@pytest.mark.parametrize("count", [5, 12, 40])
def test_p_value_is_scipys_permutation_of_signs(count):
    values = np.random.default_rng(count).normal(0.04, 0.1, count)
    wanted = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=20_000, rng=1
    ).pvalue
    # Both draw their signs where there are too many of them.
    assert paired.sign_flip_p(values) == pytest.approx(wanted, abs=0.012)


def test_few_clips_can_not_be_significant():
    assert paired.sign_flip_p(np.array([0.3, 0.3, 0.3])) == 0.25


def test_holm_is_the_smallest_level_at_which_each_is_rejected():
    p_values = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.6}
    adjusted = paired.holm(p_values)

    def rejected(level):
        names = sorted(p_values, key=p_values.__getitem__)
        kept = itertools.takewhile(
            lambda pair: p_values[pair[1]] <= level / (len(names) - pair[0]),
            enumerate(names),
        )
        return {name for _, name in kept}

    for level in np.linspace(0.005, 0.995, 100):
        wanted = {name for name, p in adjusted.items() if p <= level + 1e-12}
        assert rejected(level + 1e-12) == wanted
    assert list(adjusted) == list(p_values)


def test_pairs_needed_are_those_of_the_power():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, 400)
    values = (values - values.mean()) / values.std(ddof=1) * 0.1 + 0.05
    needed = paired.clips_needed(values)
    drawn = rng.normal(0.05, 0.1, (4000, needed))
    t = drawn.mean(1) / (drawn.std(1, ddof=1) / np.sqrt(needed))
    power = np.mean(np.abs(t) > stats.t.ppf(0.975, needed - 1))
    assert 0.72 < power < 0.85
    assert paired.clips_needed(np.array([0.1, -0.1])) is None


def test_chaos_floor_is_where_95_of_100_means_of_chance_lie():
    rng = np.random.default_rng(1)
    floor = paired.chaos_floor([rng.normal(0, 0.1, 20) for _ in range(50)])
    means = rng.normal(0, 0.1, (4000, 20)).mean(axis=1)
    assert np.mean(np.abs(means) < floor) == pytest.approx(0.95, abs=0.02)
    assert paired.chaos_floor([]) is None


def test_one_clip_says_nothing():
    assert paired.difference(np.array([0.4]), 2) is None
    found = paired.difference(np.array([0.1, 0.2, 0.15, 0.12]), 8)
    assert found.low <= found.mean <= found.high and found.pairs == 8
