"""Regression over the memory against numpy's least squares."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory import regression

RIDGE = 0.02


@pytest.fixture
def cells():
    rng = np.random.default_rng(0)
    share = (rng.random((3, 4, 6, 1)) < 0.3).astype(np.float32)
    labels = np.concatenate((share, rng.normal(size=(3, 4, 6, 2))), -1)
    return rng.normal(size=(3, 4, 6, 5)).astype(np.float32), labels.astype(np.float32)


def regress(*arrays):
    """The regression of numpy arrays."""
    arrays = map(jnp.asarray, arrays)
    return np.asarray(regression.regress(*arrays, ridge=RIDGE))


def lstsq_oracle(x, y, weights, ridge):
    """Ridge regression as ordinary least squares of a longer system."""
    x = np.concatenate((x, np.ones((len(x), 1))), axis=1)
    root = np.sqrt(weights)[:, None]
    rows = np.concatenate((x * root, np.sqrt(ridge) * np.eye(x.shape[1])))
    right = np.concatenate((y * root, np.zeros((x.shape[1], y.shape[1]))))
    return np.linalg.lstsq(rows, right, rcond=None)[0]


def test_fit_is_least_squares(cells):
    features, labels = (x.reshape(-1, x.shape[-1]) for x in cells)
    weights = np.random.default_rng(1).random(len(features)).astype(np.float32)
    weights /= weights.sum()
    arrays = map(jnp.asarray, (features, labels, weights))
    model = regression.fit(*arrays, ridge=0.02)
    expected = lstsq_oracle(features, labels, weights, 0.02)
    np.testing.assert_allclose(model, expected, atol=1e-4)


def test_regress_is_the_fit_applied(cells):
    features, labels = cells
    seen = np.ones(features.shape[:3], np.float32)
    query = np.random.default_rng(2).normal(size=(4, 6, 5)).astype(np.float32)
    found = regress(query, features, labels, seen)
    share = labels[..., 0]
    weights = share / (share.sum() + 0.5) + (1 - share) / ((1 - share).sum() + 0.5)
    weights = weights.ravel() / 2
    model = lstsq_oracle(features.reshape(-1, 5), labels.reshape(-1, 3), weights, 0.02)
    flat = np.concatenate((query.reshape(-1, 5), np.ones((24, 1))), axis=1)
    np.testing.assert_allclose(found, (flat @ model).reshape(4, 6, 3), atol=1e-4)


def test_separable_cells_are_told_apart(cells):
    features, labels = cells
    features[..., 0] = 2.0 * labels[..., 0] - 1.0
    seen = np.ones(features.shape[:3], np.float32)
    found = regress(features[0], features, labels, seen)
    np.testing.assert_array_equal(
        np.asarray(found[..., 0]) > 0.5, labels[0, ..., 0] == 1
    )


def test_empty_slots_have_no_say(cells):
    features, labels = cells
    seen = np.ones(features.shape[:3], np.float32)
    seen[2] = 0.0
    changed = features.copy(), labels.copy()
    changed[0][2], changed[1][2] = 9.0, -7.0
    query = features[0]
    one = regress(query, features, labels, seen)
    two = regress(query, *changed, seen)
    np.testing.assert_allclose(one, two, atol=1e-6)


def test_target_counts_half():
    share = np.zeros((1, 10, 10), np.float32)
    share[0, :3, :3] = 1.0
    weights = regression.balanced_weights(
        *map(jnp.asarray, (share, np.ones_like(share)))
    )
    assert float(weights[share > 0].sum()) == pytest.approx(0.5 * 9 / 9.5)
    assert float(weights.sum()) == pytest.approx(1.0, abs=0.06)


def test_no_target_gives_finite_answers(cells):
    features, labels = cells
    labels[..., 0] = 0.0
    seen = np.ones(features.shape[:3], np.float32)
    found = regress(features[0], features, labels, seen)
    assert np.isfinite(found).all()
    assert float(np.abs(found[..., 0]).max()) < 1e-3


def test_gradient_matches_finite_differences(cells):
    features, labels = cells
    seen = jnp.ones(features.shape[:3])

    def loss(features, labels):
        found = regression.regress(features[0], features, labels, seen)
        return jnp.sum(jnp.sin(found))

    features, labels = jnp.asarray(features), jnp.asarray(labels)
    grad = jax.grad(loss)(features, labels)
    rng = np.random.default_rng(3)
    direction = jnp.asarray(rng.normal(size=features.shape), jnp.float32)
    step = 1e-2
    ends = [loss(features + s * step * direction, labels) for s in (1, -1)]
    slope = (ends[0] - ends[1]) / (2 * step)
    assert float(jnp.vdot(grad, direction)) == pytest.approx(float(slope), rel=2e-2)
