"""One training step: unroll the network over clips, compare, update (paper, 3.4)."""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from samn_jax import losses, settings
from samn_jax.errors import InputError
from samn_jax.training import objects as objects_lib
from samn_jax.training import state as state_lib
from samn_jax.training import unroll as unroll_lib
from samn_jax.training.objects import Batch

DEVICES = "devices"  # the pmap axis that gradients are averaged over


@dataclasses.dataclass(frozen=True)
class LossConfig:
    """The loss: cross entropy of the hardest pixels, plus one minus the soft IoU.

    Attributes:
      hard_fraction: share of pixels in the cross entropy, at the end; in (0, 1].
      hard_steps: steps over which the share falls from 1 to it; 0: at once.
      threshold_stride: see `losses.hardest_mean`.
      entropy_weight: of the cross entropy.
      iou_weight: of one minus the soft IoU.
      others: names in `losses.MASK_LOSSES` and their weights, of each object's mask.
    """

    hard_fraction: float = 0.3
    hard_steps: int = 1500
    threshold_stride: int = 4
    entropy_weight: float = 1.0
    iou_weight: float = 0.5
    others: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
          InputError: one is out of its range, there is no such loss, or nothing is
            minimized.
        """
        settings.check_shares(self, "hard_fraction")
        settings.check_positive(self, "hard_fraction")
        settings.check_at_least(self, 0, "hard_steps", "entropy_weight", "iou_weight")
        settings.check_at_least(self, 1, "threshold_stride")
        for pair in self.others:
            _check_loss(pair)
        if self.entropy_weight == self.iou_weight == 0 and not self.others:
            raise InputError(
                "entropy_weight and iou_weight are 0, so that there is no loss: give "
                "one of them a number above 0"
            )


def _check_loss(pair: object) -> None:
    known = ", ".join(losses.MASK_LOSSES)
    match pair:
        case (str() as name, int() | float() as weight) if name in losses.MASK_LOSSES:
            if 0 < weight < float("inf"):
                return
    raise InputError(
        f"others has {pair!r}: give pairs of a loss and its weight above 0, as in "
        f'(("soft_dice", 0.5),); there are {known}'
    )


class Objective(NamedTuple):
    """What a step minimizes and how it updates; nothing in it is traced."""

    network: unroll_lib.Network
    loss: LossConfig
    average_decay: float = 0.998  # of the moving average of the weights
    accumulate: int = 1  # parts that a device's batch is computed in, to save memory


class ClipTerms(NamedTuple):
    """The loss terms of each of the P predicted frames of each clip."""

    cross_entropy: Float[Array, "P B"]  # of the hardest pixels, which is minimized
    mean_entropy: Float[Array, "P B"]  # of all pixels, which is watched
    iou_loss: Float[Array, "P B"]
    others: Float[Array, "P B"]  # weighted


def clip_terms(
    objective: Objective,
    logits: Float[Array, "P B K H W"],
    batch: Batch,
    step: Int[Array, ""],
) -> ClipTerms:
    """Returns the loss terms of logits as `unroll.unroll` gives them."""
    config = objective.loss
    predicted, clips, kinds, *size = logits.shape
    truth, present = objects_lib.true_masks(batch.masks, kinds - 1)
    truth = truth[1 : predicted + 1]
    background = 1.0 - jnp.sum(truth, axis=2, keepdims=True)
    target = jnp.concatenate((background, truth), axis=2)
    entropy = optax.softmax_cross_entropy(logits, target, axis=2).reshape(-1, *size)
    hardest = losses.hardest_mean(
        entropy, _hard_fraction(config, step), stride=config.threshold_stride
    )
    prob = jax.nn.softmax(logits, axis=2)[:, :, 1:]
    masks = prob.reshape(-1, *size), truth.reshape(-1, *size)

    def of_clips(values: Float[Array, " N"]) -> Float[Array, "P B"]:
        values = values.reshape(predicted, clips, kinds - 1)
        return jax.vmap(objects_lib.mean_over_present, (0, None))(values, present)

    return ClipTerms(
        cross_entropy=hardest.reshape(predicted, clips),
        mean_entropy=entropy.mean(axis=(1, 2)).reshape(predicted, clips),
        iou_loss=of_clips(losses.soft_iou_loss(*masks)),
        others=of_clips(losses.weighted_sum(config.others, *masks)),
    )


def _hard_fraction(config: LossConfig, step: Int[Array, ""]) -> Float[Array, ""]:
    """Returns the share of pixels that count at a step."""
    if not config.hard_steps:
        return jnp.float32(config.hard_fraction)
    progress = jnp.clip(step.astype(jnp.float32) / config.hard_steps, 0.0, 1.0)
    return 1.0 + progress * (config.hard_fraction - 1.0)


def loss_fn(
    objective: Objective,
    params: state_lib.Params,
    frozen: state_lib.Params,
    batch: Batch,
    step: Int[Array, ""],
) -> tuple[Float[Array, ""], dict[str, Array]]:
    """Returns the loss of a batch and what to log.

    `loss`, its parts `cross_entropy` and `iou`, and `plain_loss`, the loss with all
    pixels in the cross entropy, which no schedule changes.
    """
    variables = state_lib.join_params(params, frozen)
    logits = unroll_lib.unroll(objective.network, variables, batch)
    terms = clip_terms(objective, logits, batch, step)
    config = objective.loss
    overlap = terms.iou_loss.mean()

    def weighted(entropy: Float[Array, ""]) -> Float[Array, ""]:
        both = config.entropy_weight * entropy + config.iou_weight * overlap
        return both + terms.others.mean() if config.others else both

    entropy = terms.cross_entropy.mean()
    loss = weighted(entropy)
    return loss, {
        "loss": loss,
        "plain_loss": weighted(terms.mean_entropy.mean()),
        "cross_entropy": entropy,
        "iou": 1.0 - overlap,
    }


def _gradients(
    objective: Objective, state: state_lib.TrainState, batch: Batch
) -> tuple[state_lib.Params, dict[str, Array]]:
    """Returns gradients and metrics of a device's batch, part by part if asked."""

    def of_part(part: Batch) -> tuple[state_lib.Params, dict[str, Array]]:
        def loss_of(params: state_lib.Params) -> tuple[Array, dict[str, Array]]:
            return loss_fn(objective, params, state.frozen, part, state.step)

        return jax.grad(loss_of, has_aux=True)(state.params)

    count = objective.accumulate
    if count == 1:
        return of_part(batch)
    parts = jax.tree.map(lambda x: x.reshape(count, -1, *x.shape[1:]), batch)
    shapes = jax.eval_shape(of_part, jax.tree.map(lambda x: x[0], parts))
    zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
    add = lambda total, part: (  # noqa: E731
        jax.tree.map(jnp.add, total, of_part(part)),
        None,
    )
    total, _ = jax.lax.scan(add, zeros, parts)
    return jax.tree.map(lambda x: x / count, total)


def train_step(
    objective: Objective,
    optimizer: optax.GradientTransformation,
    state: state_lib.TrainState,
    batch: Batch,
) -> tuple[state_lib.TrainState, dict[str, Array]]:
    """Returns the state after one step and its metrics; to be run under a pmap.

    Gradients and metrics are averaged over the axis `DEVICES`.
    """
    gradients = jax.lax.pmean(_gradients(objective, state, batch), DEVICES)
    grads, metrics = gradients
    metrics["gradient_norm"] = optax.tree.norm(grads)
    updates, opt_state = optimizer.update(grads, state.opt_state, state.params)
    params = optax.apply_updates(state.params, updates)
    # The average follows closely at first, or it would remember the random start.
    count = state.step.astype(jnp.float32)
    decay = jnp.minimum(objective.average_decay, (1.0 + count) / (10.0 + count))
    average = jax.tree.map(
        lambda a, p: a * decay + p * (1.0 - decay), state.average, params
    )
    return (
        state_lib.TrainState(state.step + 1, params, state.frozen, opt_state, average),
        metrics,
    )
