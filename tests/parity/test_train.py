"""Training losses and gradients against the authors', two objects, three frames."""

from pathlib import Path

import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax import losses
from samn_jax.convert import rules
from samn_jax.memory import read as read_lib
from samn_jax.models import aggregation, samn
from samn_jax.models.network import QueryFeatures
from tests.parity import formula_weights

LOSS_TOLERANCE = 1e-4
GRADIENT_TOLERANCE = 1e-3  # of each gradient's largest magnitude
# A gradient that is 0 but for rounding: the softmax cancels a bias of all memory keys.
NOTHING = 1e-6
HARD_FRACTION = 0.4
SPLIT_COLUMN = 170
NET = samn.SAMN()


def load_clip(golden: dict, davis16_dir: Path) -> tuple[jax.Array, jax.Array]:
    """Returns frames, (F, 1, H, W, 3), and one-hot masks, (F, 3, H, W)."""
    images, labels = [], []
    for frame in golden["frames"]:
        image, mask = formula_weights.load_frame(
            davis16_dir, str(golden["sequence"]), int(frame)
        )
        left = (np.arange(mask.shape[2]) < SPLIT_COLUMN)[None, None, :]
        images.append(image)
        labels.append(np.concatenate([1.0 - mask, mask * left, mask * ~left]))
    return jnp.asarray(np.stack(images)), jnp.asarray(np.stack(labels), jnp.float32)


def encode(variables: dict, image: jax.Array) -> QueryFeatures:
    """Returns the features of one frame, repeated for both objects."""
    query = NET.apply(variables, image, method="encode_query")
    return jax.tree.map(lambda x: jnp.repeat(x, 2, axis=0), query)


def segment(variables: dict, query: QueryFeatures, memory: list) -> jax.Array:
    """Returns the logits of background and objects, read from (key, value) pairs."""
    keys, values = (jnp.stack(x, axis=1) for x in zip(*memory, strict=True))
    shut = jnp.zeros(keys.shape[1:4])
    attend = jax.vmap(read_lib.attend, in_axes=(0, 0, 0, None))
    readout = attend(query.key, keys, values, shut)
    center_xy = jnp.full((2, 2), 192.0)
    log_odds = NET.apply(variables, readout, query, center_xy, method="decode")
    return aggregation.soft_aggregate(jax.nn.sigmoid(log_odds))


def forward(
    trained: dict, flat: dict, images: jax.Array, labels: jax.Array
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Returns the mean loss of the recurrent unrolling, and its parts by name."""
    variables = flax.traverse_util.unflatten_dict(flat | trained)
    memory, parts, masks = [], {"out": []}, labels[0]
    query = encode(variables, images[0])
    for n in range(1, images.shape[0]):
        twice = jnp.repeat(images[n - 1], 2, axis=0)
        pair = (twice, query, masks[1:])
        memory.append(NET.apply(variables, *pair, method="encode_memory"))
        query = encode(variables, images[n])
        logits = segment(variables, query, memory)
        masks = jax.nn.softmax(logits, axis=0)
        entropy = losses.joint_cross_entropy(logits, labels[n])
        parts[f"ce_{n}"] = losses.hardest_mean(entropy[None], HARD_FRACTION)[0]
        parts[f"iou_loss_{n}"] = losses.soft_iou_loss(masks[1:], labels[n, 1:]).mean()
        parts["out"].append(masks)
    parts["out"] = jnp.stack(parts["out"])
    frames = range(1, images.shape[0])
    total = sum(parts[f"ce_{n}"] + parts[f"iou_loss_{n}"] for n in frames)
    return total / len(frames), parts


def check_file(path: Path, golden_dir: Path, davis16_dir: Path) -> None:
    golden = dict(np.load(path))
    flat = formula_weights.flat_variables(golden_dir, int(golden["seed"]))
    names = [n.removeprefix("grad:") for n in golden if n.startswith("grad:")]
    shapes = {n: golden[f"grad:{n}"].ndim for n in names}
    paths = {
        n: rules.variable_paths(n, shapes[n], rules.KINDS["samn"])[0] for n in names
    }
    trained = {p: flat[p] for p in paths.values()}
    images, labels = load_clip(golden, davis16_dir)
    step = jax.jit(jax.value_and_grad(forward, has_aux=True))
    (total, parts), grads = step(trained, flat, images, labels)

    np.testing.assert_allclose(total, golden["total"], rtol=LOSS_TOLERANCE)
    out = np.asarray(parts.pop("out"))[..., ::4, ::4]
    np.testing.assert_allclose(out, golden["out"], atol=LOSS_TOLERANCE)
    for name, value in parts.items():
        np.testing.assert_allclose(
            value, golden[name], rtol=LOSS_TOLERANCE, err_msg=name
        )
    for name, place in paths.items():
        expected = rules.layout(golden[f"grad:{name}"])
        scale = np.abs(expected).max()
        error = np.abs(np.asarray(grads[place]) - expected).max()
        assert error <= max(GRADIENT_TOLERANCE * scale, NOTHING), (name, error, scale)


@pytest.mark.slow
def test_losses_and_gradients_equal_the_authors(golden_dir, davis16_dir):
    paths = sorted(golden_dir.glob("train_*.npz"))
    assert paths
    for path in paths:
        check_file(path, golden_dir, davis16_dir)
