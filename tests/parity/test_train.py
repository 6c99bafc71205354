"""The training step's loss and gradients against the authors', two objects."""

import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from samn_jax.convert import rules
from samn_jax.memory.config import MemoryConfig
from samn_jax.models import samn
from samn_jax.training import parallel, state, step, unroll
from tests.parity import formula_weights
from tests.parity.golden import files

LOSS_TOLERANCE = 1e-4
GRADIENT_TOLERANCE = 1e-3  # of each gradient's largest magnitude
# A gradient that is 0 but for rounding: the softmax cancels a bias of all memory keys.
NOTHING = 1e-6
SPLIT_COLUMN = 170
OBJECTIVE = step.Objective(
    network=unroll.Network(
        samn.SAMN(),
        MemoryConfig(),
        unroll.UnrollConfig(mode="recurrent", aggregation="soft"),
        num_objects=2,
    ),
    loss=step.LossConfig(
        hard_fraction=0.4, hard_steps=0, threshold_stride=1, iou_weight=1.0
    ),
)


def load_clip(golden: dict, davis16_dir: Path) -> unroll.Batch:
    """Returns the golden clip, the left part of the mask object 1, the right 2."""
    frames, masks = [], []
    for frame in golden["frames"]:
        image, mask = formula_weights.load_frame(
            davis16_dir, str(golden["sequence"]), int(frame)
        )
        frames.append(np.rint(image[0] * 255).astype(np.uint8))
        left = np.arange(mask.shape[2]) < SPLIT_COLUMN
        ids = np.where(left[None, :], 1, 2) * (mask[0] > 0)
        masks.append(ids.astype(np.uint8))
    centers = np.full((1, len(frames), 2), 192.0, np.float32)
    return unroll.Batch(np.stack(frames)[None], np.stack(masks)[None], centers)


def forward(variables: dict, batch: unroll.Batch) -> tuple[jax.Array, step.ClipTerms]:
    """Returns the shares of background and objects, and the loss terms."""
    logits = unroll.unroll(OBJECTIVE.network, variables, batch)
    terms = step.clip_terms(OBJECTIVE, logits, batch, jnp.int32(0))
    return jax.nn.softmax(logits, axis=2), terms


def check_forward(golden: dict, variables: dict, batch: unroll.Batch) -> None:
    shares, terms = jax.jit(forward)(variables, batch)
    out = np.asarray(shares)[:, 0, :, ::4, ::4]
    np.testing.assert_allclose(out, golden["out"], atol=LOSS_TOLERANCE)
    for n in range(len(out)):
        pairs = {"ce": terms.cross_entropy, "iou_loss": terms.iou_loss}
        for name, values in pairs.items():
            np.testing.assert_allclose(
                values[n, 0], golden[f"{name}_{n + 1}"], rtol=LOSS_TOLERANCE
            )


def real_step(trained: dict, frozen: dict, batch: unroll.Batch) -> tuple[float, dict]:
    """Returns loss and gradients of the step that a run takes, under its pmap.

    Each device gets the same clip.
    """
    keeper = optax.trace(decay=0.0)  # its state is the last gradient
    first = state.TrainState(
        step=jnp.int32(0),
        params=trained,
        frozen=frozen,
        opt_state=keeper.init(trained),
        average=trained,
    )
    train = parallel.pmap_step(functools.partial(step.train_step, OBJECTIVE, keeper))
    copies = jax.tree.map(lambda x: np.repeat(x, jax.device_count(), axis=0), batch)
    replicas, metrics = train(parallel.replicate(first), parallel.shard(copies))
    after = parallel.unreplicate(replicas)
    assert int(after.step) == 1
    return float(parallel.unreplicate(metrics)["loss"]), after.opt_state.trace


@pytest.mark.slow
@pytest.mark.parametrize("path", files("train_*.npz"))
def test_losses_and_gradients_equal_the_authors(path, davis16_dir):
    golden = dict(np.load(path))
    variables = formula_weights.variables(int(golden["seed"]))
    batch = load_clip(golden, davis16_dir)
    check_forward(golden, variables, batch)

    every, fixed = state.split_params(variables, ())
    paths = {}
    for name in (n.removeprefix("grad:") for n in golden if n.startswith("grad:")):
        axes = golden[f"grad:{name}"].ndim
        (path,) = rules.variable_paths(name, axes, rules.KINDS["samn"])
        paths[name] = "/".join(path[1:])
    trained = {place: every.pop(place) for place in paths.values()}
    total, grads = real_step(trained, fixed | every, batch)

    np.testing.assert_allclose(total, golden["total"], rtol=LOSS_TOLERANCE)
    for name, place in paths.items():
        expected = rules.layout(golden[f"grad:{name}"])
        scale = np.abs(expected).max()
        error = np.abs(np.asarray(grads[place]) - expected).max()
        assert error <= max(GRADIENT_TOLERANCE * scale, NOTHING), (name, error, scale)
