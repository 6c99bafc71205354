import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax import losses

hardest_mean = jax.jit(losses.hardest_mean, static_argnames="stride")
soft_iou_loss = jax.jit(losses.soft_iou_loss)


def numpy_hardest_mean(values, fraction):
    flat = np.sort(values.reshape(len(values), -1).astype(np.float64), axis=1)
    count = max(int(fraction * flat.shape[1] + 1e-6), 1)
    return flat[:, -count:].mean(axis=1)


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.4, 0.7, 1.0])
@pytest.mark.parametrize("levels", [None, 3])
def test_hardest_mean_is_exact_with_and_without_ties(key, fraction, levels):
    values = jax.random.uniform(key, (3, 6, 10))
    if levels:
        values = jnp.floor(values * levels)
    got = hardest_mean(values, fraction)
    wanted = numpy_hardest_mean(np.asarray(values), fraction)
    np.testing.assert_allclose(got, wanted, rtol=1e-5)
    np.testing.assert_array_equal(got, hardest_mean(values, jnp.float32(fraction)))


def test_hardest_mean_is_not_thinned_by_zeros():
    values = jnp.zeros((1, 10, 10)).at[0, 0, 0].set(8.0)
    np.testing.assert_allclose(hardest_mean(values, 0.4), [8.0 / 40.0], rtol=1e-6)


def test_gradient_of_hardest_mean_is_shared_by_ties():
    values = jnp.array([[[3.0, 1.0, 1.0, 0.0]]])
    loss = lambda x: losses.hardest_mean(x, 0.5)[0]  # noqa: E731
    gradient = jax.jit(jax.grad(loss))(values)
    np.testing.assert_allclose(gradient, [[[0.5, 0.25, 0.25, 0.0]]])


def test_hardest_mean_with_a_stride_is_near_the_exact_one(key):
    values = jax.random.uniform(key, (2, 64, 64))
    got = hardest_mean(values, 0.4, stride=4)
    np.testing.assert_allclose(got, hardest_mean(values, 0.4), rtol=0.05)
    # Where the sample misses all that is above zero, nothing is divided by zero.
    sparse = jnp.zeros((1, 8, 8)).at[0, 1, 1].set(1.0)
    np.testing.assert_allclose(hardest_mean(sparse, 0.5, stride=4), [1 / 32])


def test_soft_iou_of_binary_masks_is_one_minus_iou():
    left, right = np.zeros((2, 3, 8, 8), np.float32)
    left[0, 2:6, 2:6], right[0, 4:8, 2:6] = 1, 1
    left[1, :4], right[1, :4] = 1, 1
    left[2, :4], right[2, 4:] = 1, 1
    got = soft_iou_loss(left, right)
    np.testing.assert_allclose(got, [1 - 8 / 24, 0.0, 1.0], atol=1e-5)
    empty = np.zeros((1, 4, 4), np.float32)
    np.testing.assert_allclose(soft_iou_loss(empty, empty), [0.0], atol=1e-6)


def test_soft_dice_is_one_minus_the_f1_score_of_binary_masks(key):
    left, right = jax.random.bernoulli(key, 0.4, (2, 3, 8, 9)).astype(jnp.float32)
    pixels = zip(np.asarray(left), np.asarray(right), strict=True)
    wanted = [1 - 2 * (a * b).sum() / (a.sum() + b.sum()) for a, b in pixels]
    dice = jax.jit(losses.soft_dice_loss)
    np.testing.assert_allclose(dice(left, right), wanted, rtol=1e-4)
    empty = jnp.zeros((1, 4, 4))
    np.testing.assert_allclose(dice(empty, empty), [0.0], atol=1e-6)


def test_losses_by_name_are_summed_with_their_weights(key):
    prob, target = jax.random.uniform(key, (2, 3, 5, 4))
    both = (("soft_dice", 0.25), ("soft_iou", 2.0))
    got = losses.weighted_sum(both, prob, target)
    dice, iou = losses.soft_dice_loss(prob, target), losses.soft_iou_loss(prob, target)
    np.testing.assert_allclose(got, 0.25 * dice + 2.0 * iou, rtol=1e-5)
    np.testing.assert_array_equal(losses.weighted_sum((), prob, target), 0)


def test_soft_iou_of_probabilities_and_its_gradient(key):
    prob = np.asarray(jax.random.uniform(key, (1, 4, 4)))
    target = jnp.asarray(prob > 0.6, jnp.float32)
    wanted = 1 - np.minimum(prob, target).sum() / np.maximum(prob, target).sum()
    np.testing.assert_allclose(soft_iou_loss(prob, target), [wanted], rtol=1e-4)
    gradient = jax.jit(jax.grad(lambda p: losses.soft_iou_loss(p, target)[0]))(prob)
    np.testing.assert_array_equal(gradient < 0, target > 0)
