import jax
import numpy as np
import pytest

from samn_jax.models import aggregation

join_objects = jax.jit(aggregation.join_objects, static_argnames="kind")
join_one = jax.jit(aggregation.join_one, static_argnames="kind")


def test_soft_aggregate_is_the_odds_of_background_and_objects():
    prob = np.random.default_rng(0).uniform(size=(3, 4, 5))
    joined = np.concatenate([np.prod(1 - prob, axis=0)[None], prob])
    odds = joined / (1 - joined)
    ours = jax.jit(aggregation.soft_aggregate)(jax.numpy.asarray(prob, np.float32))
    share = jax.nn.softmax(ours, axis=0)
    np.testing.assert_allclose(share, odds / odds.sum(axis=0), atol=1e-5)


def test_certain_pixels_stay_finite():
    prob = jax.numpy.array([[[0.0, 1.0]], [[0.0, 1.0]]])
    logits = jax.jit(aggregation.soft_aggregate)(prob)
    assert bool(jax.numpy.all(jax.numpy.isfinite(logits)))
    assert logits.argmax(axis=0).tolist() == [[0, 1]]


@pytest.mark.parametrize("kind", aggregation.AGGREGATIONS)
def test_shares_add_up_to_one(kind):
    prob = np.random.default_rng(1).uniform(size=(3, 4, 5)).astype(np.float32)
    shares = join_objects(prob, kind=kind)
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, rtol=1e-5)
    # Whoever is more probable has the larger share.
    assert np.all((shares[1] > shares[2]) == (prob[0] > prob[1]))


def test_share_of_an_object_alone():
    prob = np.array([[0.0, 0.2, 0.5, 0.9, 1.0]], np.float32)
    odds = join_one(prob, kind="odds")
    np.testing.assert_array_equal(odds, prob)
    np.testing.assert_allclose(
        join_objects(prob[None], kind="odds")[1], prob, atol=1e-6
    )
    soft = join_one(prob, kind="soft")
    np.testing.assert_allclose(soft, prob**2 / (prob**2 + (1 - prob) ** 2), atol=1e-6)


def test_unknown_aggregation_is_refused():
    with pytest.raises(ValueError, match="'hard' is unknown: choose from"):
        join_objects(np.zeros((1, 2, 2), np.float32), kind="hard")


@pytest.mark.parametrize("kind", aggregation.AGGREGATIONS)
def test_shares_beside_others_added_up_are_those_of_all_joined(kind):
    prob = np.random.default_rng(5).uniform(size=(4, 6, 7)).astype(np.float32)
    odds = sum(aggregation.odds(jax.numpy.asarray(p)) for p in prob[1:])
    none = np.prod(1 - prob[1:], axis=0)
    shares = jax.jit(aggregation.shares_beside, static_argnames="kind")
    ours, theirs = shares(prob[0], odds, none, kind=kind)
    joined = join_objects(prob, kind=kind)
    np.testing.assert_allclose(ours, joined[1], rtol=1e-5)
    np.testing.assert_allclose(theirs, joined[2:].sum(axis=0), rtol=1e-5)
