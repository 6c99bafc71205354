import jax
import numpy as np

from samn_jax.models import aggregation


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
