"""One training step: unroll the network over a clip, compare, update (paper, 3.4)."""

import dataclasses
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, UInt8

from samn_jax import losses
from samn_jax.memory import design as design_lib
from samn_jax.models.network import QueryFeatures
from samn_jax.training import state as state_lib

DEVICES = "devices"  # the pmap axis that gradients are averaged over


@dataclasses.dataclass(frozen=True)
class LossConfig:
    """The loss and how the clip is unrolled."""

    hard_fraction: float = 0.3  # share of pixels in the cross entropy, at the end
    hard_steps: int = 1500  # steps over which the share falls from 1 to it
    threshold_stride: int = 4  # see losses.hardest_mean
    iou_weight: float = 0.5


class Batch(NamedTuple):
    """Training clips of one object each."""

    frames: UInt8[Array, "B F H W 3"]
    masks: UInt8[Array, "B F H W"]  # 0 or 1
    centers: Float[Array, "B F 2"]  # about where the object is, crop pixels (x, y)


class Unroll(NamedTuple):
    """What the loss needs to run the network over a clip."""

    network: nn.Module
    memory: design_lib.MemoryConfig
    loss: LossConfig


def _frame(features: QueryFeatures, index: int) -> QueryFeatures:
    """Returns the features of one frame, (F, B, ...) → (B, ...)."""
    return jax.tree.map(lambda x: x[index], features)


def unroll(spec: Unroll, variables: dict, batch: Batch) -> Float[Array, "F-1 B H W"]:
    """Returns the log-odds of frames 1.., each predicted from those before it.

    The first frame is remembered with its true mask, the others with the prediction
    (`recurrent`). All frames stay in memory.
    """
    count = batch.frames.shape[1]
    config = dataclasses.replace(spec.memory, capacity=max(count, 3))
    memory = design_lib.build_memory(config)
    apply = lambda *args, method: spec.network.apply(  # noqa: E731
        variables, *args, method=method
    )
    images = jnp.swapaxes(batch.frames, 0, 1).astype(jnp.float32) / 255.0
    centers = jnp.swapaxes(batch.centers, 0, 1)
    flat = images.reshape(-1, *images.shape[2:])
    features = jax.tree.map(
        lambda x: x.reshape(*images.shape[:2], *x.shape[1:]),
        apply(flat, method="encode_query"),
    )

    def remember(index: int, mask: Array) -> tuple[Array, Array]:
        return apply(
            images[index], _frame(features, index), mask, method="encode_memory"
        )

    key, value = remember(0, batch.masks[:, 0].astype(jnp.float32))
    bank = jax.vmap(memory.init)(key, value)
    outputs = []
    # A clip is short: on CPU, XLA runs convolutions inside a scan several times slower.
    for index in range(1, count):
        query = _frame(features, index)
        readout = jax.vmap(memory.read)(bank, query.key)
        log_odds = apply(readout, query, centers[index], method="decode")
        key, value = remember(index, jax.nn.sigmoid(log_odds))
        keep = jnp.ones(key.shape[:1], bool)
        bank = jax.vmap(memory.write)(bank, key, value, keep)
        outputs.append(log_odds)
    return jnp.stack(outputs)


def clip_loss(
    spec: Unroll, log_odds: Float[Array, "F-1 B H W"], batch: Batch, step: Array
) -> tuple[Float[Array, ""], dict[str, Array]]:
    """Returns the loss of a batch and what to log: cross entropy and IoU."""
    config = spec.loss
    flat = log_odds.reshape(-1, *log_odds.shape[2:])
    truth = jnp.swapaxes(batch.masks[:, 1:], 0, 1).reshape(flat.shape)
    target = truth.astype(jnp.float32)
    progress = jnp.clip(step.astype(jnp.float32) / config.hard_steps, 0.0, 1.0)
    fraction = 1.0 + progress * (config.hard_fraction - 1.0)
    entropy = losses.hardest_mean(
        losses.pixel_cross_entropy(flat, target),
        fraction,
        stride=config.threshold_stride,
    ).mean()
    overlap = losses.soft_iou_loss(jax.nn.sigmoid(flat), target).mean()
    loss = entropy + config.iou_weight * overlap
    return loss, {"loss": loss, "cross_entropy": entropy, "iou": 1.0 - overlap}


def train_step(
    spec: Unroll,
    optimizer: optax.GradientTransformation,
    average_decay: float,
    state: state_lib.TrainState,
    batch: Batch,
) -> tuple[state_lib.TrainState, dict[str, Array]]:
    """Returns the state after one step and its metrics; to be run under a pmap.

    Gradients and metrics are averaged over the axis `DEVICES`.
    """

    def loss_fn(params: dict) -> tuple[Array, dict[str, Array]]:
        variables = state_lib.join_params(params, state.frozen)
        return clip_loss(spec, unroll(spec, variables, batch), batch, state.step)

    grads, metrics = jax.grad(loss_fn, has_aux=True)(state.params)
    grads, metrics = jax.lax.pmean((grads, metrics), DEVICES)
    metrics["gradient_norm"] = optax.global_norm(grads)
    updates, opt_state = optimizer.update(grads, state.opt_state, state.params)
    params = optax.apply_updates(state.params, updates)
    # The average follows closely at first, or it would remember the random start.
    count = state.step.astype(jnp.float32)
    decay = jnp.minimum(average_decay, (1.0 + count) / (10.0 + count))
    average = jax.tree.map(
        lambda a, p: a * decay + p * (1.0 - decay), state.average, params
    )
    return (
        state_lib.TrainState(state.step + 1, params, state.frozen, opt_state, average),
        metrics,
    )
