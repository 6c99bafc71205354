import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.memory.entry import Value
from samn_jax.models import aggregation
from samn_jax.training import objects, unroll
from tests.training import tiny


def run(batch, num_objects=1, **settings):
    network = tiny.objective(num_objects, **settings).network
    return np.asarray(
        jax.jit(functools.partial(unroll.unroll, network))(tiny.variables(), batch)
    )


def by_hand(batch, remembered):
    """Returns the second predicted frame's log-odds of each clip, step by step."""
    net, variables = tiny.TinyNet(), tiny.variables()
    apply = functools.partial(net.apply, variables)
    results = []
    for clip in range(batch.frames.shape[0]):
        images = batch.frames[clip].astype(np.float32) / np.float32(255)
        first = batch.masks[clip, 0].astype(np.float32)
        masks = [first, remembered[clip]]
        keys, values = [], []
        for image, mask in zip(images[:2], masks, strict=True):
            query = apply(image[None], method="encode_query")
            key, value = apply(image[None], query, mask[None], method="encode_memory")
            keys.append(np.asarray(key.attention).reshape(-1, 3))
            values.append(np.asarray(value.attention).reshape(-1, 2))
        query = apply(images[2][None], method="encode_query")
        keys, values = np.concatenate(keys), np.concatenate(values)
        distance = np.square(
            np.asarray(query.key.attention).reshape(-1, 1, 3) - keys[None]
        )
        weights = np.exp(-distance.sum(-1) / np.sqrt(3))
        readout = (weights / weights.sum(1, keepdims=True)) @ values
        readout = jnp.asarray(readout.reshape(1, 2, 2, 2), jnp.float32)
        log_odds = apply(
            Value.plain(readout), query, jnp.zeros((1, 2)), method="decode"
        )
        results.append(np.asarray(log_odds[0]))
    return np.stack(results)


@pytest.mark.parametrize(("mode", "predicted"), [("recurrent", True), ("mask", False)])
def test_modes_remember_predictions_or_true_masks(mode, predicted):
    batch = tiny.batch()
    logits = run(batch, mode=mode)
    assert logits.shape == (2, 4, 2, tiny.SIZE, tiny.SIZE)
    odds = logits[:, :, 1] - logits[:, :, 0]
    truth = batch.masks[:, 1].astype(np.float32)
    remembered = 1 / (1 + np.exp(-odds[0])) if predicted else truth
    np.testing.assert_allclose(odds[1], by_hand(batch, remembered), atol=2e-5)


def test_good_predictions_alone_are_remembered_by_threshold():
    batch = tiny.batch()
    truth = batch.masks[:, 1].astype(np.float32)
    logits = run(batch, mode="recurrent")[0]
    prob = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
    union = np.maximum(prob, truth).sum((1, 2))
    iou = np.minimum(prob, truth).sum((1, 2)) / union
    threshold = float(np.median(iou))
    good = iou > threshold
    assert good.any() and not good.all()
    logits = run(batch, mode="threshold", iou_threshold=threshold)
    remembered = np.where(good[:, None, None], prob, truth)
    odds = logits[1, :, 1] - logits[1, :, 0]
    np.testing.assert_allclose(odds, by_hand(batch, remembered), atol=2e-5)


def test_two_predicts_one_frame():
    batch = tiny.batch()
    logits = run(batch, mode="two")
    assert logits.shape[0] == 1
    np.testing.assert_allclose(logits[0], run(batch)[0], atol=1e-5)


def test_an_object_that_a_clip_lacks_changes_nothing():
    batch = tiny.batch()
    alone, beside = run(batch), run(batch, num_objects=2)
    assert beside.shape[2] == 3
    shares = jax.nn.softmax(beside, axis=2)
    assert np.max(shares[:, :, 2]) < 1e-6
    np.testing.assert_allclose(
        shares[:, :, 1], jax.nn.softmax(alone, axis=2)[:, :, 1], atol=1e-5
    )


def test_later_objects_count_as_background():
    batch = tiny.batch()
    masks = batch.masks.copy()
    masks[:, 1:, :4, :4] = 2
    truth, present = jax.jit(functools.partial(objects.true_masks, count=2))(masks)
    assert present.tolist() == [[True, False]] * 4
    assert not truth[:, :, 1].any()


def test_soft_aggregation_is_that_of_the_paper():
    log_odds = jax.random.normal(jax.random.key(0), (2, 4, 4)) * 3
    join = jax.jit(functools.partial(objects.join_objects, kind="soft"))
    joined = join(log_odds, jnp.ones(2, bool))
    expected = aggregation.soft_aggregate(jax.nn.sigmoid(log_odds))
    np.testing.assert_allclose(joined, expected, rtol=1e-5)


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="mode 'three' is unknown: choose from rec"):
        unroll.UnrollConfig(mode="three")
    with pytest.raises(InputError, match="aggregation 'hard' is unknown"):
        unroll.UnrollConfig(aggregation="hard")
    with pytest.raises(InputError, match="iou_threshold is 1.5: give a share"):
        unroll.UnrollConfig(iou_threshold=1.5)


@pytest.mark.parametrize("as_tracked", [False, True])
def test_entries_tell_what_the_other_objects_cover_but_for_the_first_frame(as_tracked):
    batch = tiny.batch(num_frames=3, max_objects=2)
    policy = unroll.PolicyConfig(as_tracked=as_tracked)
    network = tiny.objective(2, policy=policy).network
    masks = np.random.default_rng(0).dirichlet(
        np.ones(3), size=(4, tiny.SIZE, tiny.SIZE)
    )
    masks = masks[..., 1:].transpose(0, 3, 1, 2).astype(np.float32)

    @jax.jit
    def entries(batch, masks):
        steps = unroll._Steps(network, tiny.variables(), batch, 3)
        return [steps._entries(index, masks).others for index in (0, 1)]

    first, later = map(np.asarray, entries(batch, masks))
    assert not first.any()
    side = tiny.SIZE // later.shape[1]
    for number, (row, column) in itertools.product(
        range(2), np.ndindex(later.shape[1:])
    ):
        rows = slice(row * side, (row + 1) * side)
        columns = slice(column * side, (column + 1) * side)
        wanted = masks[:, 1 - number, rows, columns].mean((1, 2))
        np.testing.assert_allclose(later[number::2, row, column], wanted, rtol=1e-5)


def test_others_are_those_of_a_clip_summed_up():
    masks = np.zeros((2, 3, 4, 4), np.float32)
    masks[0, 0, 0], masks[0, 1, 0], masks[0, 2, 1] = 0.7, 0.6, 1.0
    others = np.asarray(objects.others_of(jnp.asarray(masks)))
    np.testing.assert_allclose(others[0, 0, :2, 0], [0.6, 1.0])
    np.testing.assert_allclose(others[0, 2, :2, 0], [1.0, 0.0], atol=1e-6)
    assert not others[1].any()
