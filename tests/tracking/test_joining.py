import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.geometry import crops
from samn_jax.models import aggregation
from samn_jax.tracking import joining
from tests.tracking import color_net

SIZE, BUCKET = (96, 120), (128, 128)
# One frame pixel per crop pixel; the last shares no pixel with the first.
CORNERS = np.array([[0, 0], [20, 10], [50, 30], [64, 64]])


def numpy_shares(prob, kind):
    odds = np.clip(prob, 1e-7, 1 - 1e-7)
    background = np.clip(np.prod(1 - prob, axis=0), 1e-7, 1 - 1e-7)
    odds = odds / (1 - odds)
    background = background / (1 - background) if kind == "soft" else 1.0
    return odds / (background + odds.sum(axis=0))


@pytest.fixture(scope="module")
def in_crops():
    """Probabilities in overlapping crops of one frame."""
    shape = (len(CORNERS), 64, 64)
    probs = np.random.default_rng(0).uniform(size=shape).astype(np.float32)
    for prob, (x, y) in zip(probs, CORNERS, strict=True):
        # Rows and columns past the true size are padding, where nothing is.
        prob[SIZE[0] - y :], prob[:, SIZE[1] - x :] = 0, 0
    places = crops.SquareCrop(
        jnp.asarray(CORNERS + 32, jnp.float32),
        jnp.full((len(CORNERS),), 64.0),
        jnp.ones((len(CORNERS),), jnp.int32),
    )
    return probs, places


def join(kind, probs, places, taken=(True,) * 4):
    spec = color_net.make_spec(aggregation=kind)
    join = jax.jit(joining.join, static_argnums=0)
    return join(spec, jnp.array(taken), probs, places)


@pytest.mark.parametrize("kind", aggregation.AGGREGATIONS)
def test_share_in_a_crop_is_that_beside_the_others(in_crops, kind):
    probs, places = in_crops
    count = len(CORNERS)
    in_frame = np.zeros((count, *BUCKET), np.float32)
    for slot, (x, y) in enumerate(CORNERS):
        in_frame[slot, y : y + 64, x : x + 64] = probs[slot]
    ours, others = join(kind, probs, places)
    for slot, (x, y) in enumerate(CORNERS):
        every = in_frame[:, y : y + 64, x : x + 64].copy()
        every[slot] = probs[slot]
        shares = numpy_shares(every, kind)
        np.testing.assert_allclose(ours[slot], shares[slot], rtol=1e-3, atol=1e-4)
        theirs = np.delete(shares, slot, axis=0).sum(axis=0)
        cells = theirs.reshape(4, 16, 4, 16).mean(axis=(1, 3))
        np.testing.assert_allclose(others[slot], cells, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", aggregation.AGGREGATIONS)
def test_share_beside_empty_slots_is_that_of_one_alone(in_crops, kind):
    probs, places = in_crops
    ours, others = join(kind, probs, places, taken=(False, True, False, False))
    alone = jax.jit(aggregation.join_one, static_argnames="kind")(probs[1], kind=kind)
    np.testing.assert_array_equal(ours[1], alone)
    np.testing.assert_array_equal(ours[0], 0)
    np.testing.assert_array_equal(others, 0)


@pytest.mark.parametrize("kind", aggregation.AGGREGATIONS)
def test_an_object_apart_from_all_others_is_as_alone(in_crops, kind):
    probs, places = in_crops
    ours, others = join(kind, probs, places, taken=(True, False, False, True))
    alone = jax.jit(aggregation.join_one, static_argnames="kind")(probs[0], kind=kind)
    np.testing.assert_allclose(ours[0], alone, atol=1e-6)
    np.testing.assert_allclose(others[0], 0, atol=1e-6)


def test_winner_is_the_most_probable_of_objects_and_background():
    shares = np.array([[[0.5, 0.2, 0.3, 0.0]], [[0.4, 0.1, 0.36, 0.0]]], np.float32)
    ids = jax.jit(joining.winners)(shares, jnp.array([7, 3], jnp.int32))
    assert ids.dtype == jnp.uint8
    np.testing.assert_array_equal(ids, [[7, 0, 3, 0]])


def test_winners_of_many_are_those_of_numpy():
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.ones(6), size=(9, 11)).astype(np.float32)
    shares = shares.transpose(2, 0, 1)
    ids = np.array([0, 4, 9, 2, 200, 17], np.int32)  # the first is the background
    ours = jax.jit(joining.winners)(jnp.asarray(shares[1:]), jnp.asarray(ids[1:]))
    np.testing.assert_array_equal(ours, ids[np.argmax(shares, axis=0)])
