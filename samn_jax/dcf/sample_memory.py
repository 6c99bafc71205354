"""Memory of the filter's training samples: which to keep, and how much each counts."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from samn_jax import errors

_NOTHING_WRITTEN = -1


class SampleMemory(NamedTuple):
    """Training samples of one target; S slots, of which unused ones weigh 0."""

    samples: Float[Array, "S h w K"]  # projected features
    labels: Float[Array, "S h w"]
    weights: Float[Array, " S"]  # sum to 1
    last_written: Int[Array, ""]  # slot of the newest sample; -1: none since frame 0


def init_sample_memory(
    samples: Float[Array, "N h w K"], labels: Float[Array, "N h w"], *, capacity: int
) -> SampleMemory:
    """A memory that holds the first frame's samples, all of equal weight.

    Raises:
        InputError: More samples than the memory has slots.
    """
    num_samples = samples.shape[0]
    if num_samples > capacity:
        raise errors.InputError(
            f"{num_samples} first-frame samples do not fit into a sample memory of"
            f" {capacity}: raise SpatialMemoryConfig.capacity"
        )
    free = capacity - num_samples
    return SampleMemory(
        samples=jnp.pad(samples, ((0, free), (0, 0), (0, 0), (0, 0))),
        labels=jnp.pad(labels, ((0, free), (0, 0), (0, 0))),
        weights=jnp.pad(
            jnp.full(num_samples, 1.0 / num_samples, jnp.float32), (0, free)
        ),
        last_written=jnp.int32(_NOTHING_WRITTEN),
    )


def replace_least(
    weights: Float[Array, " S"],
    last_written: Int[Array, ""],
    learning_rate: Float[Array, ""],
) -> tuple[Float[Array, " S"], Int[Array, ""]]:
    """Weights after one more sample, and the slot that it takes.

    The sample of least weight gives way (the first free slot while there is one). The
    new weight is that of the previously written sample divided by (1 − learning_rate),
    so that weights decay geometrically with age; the very first one gets
    learning_rate beside weights that sum to 1 / (1 − learning_rate). All are then
    renormalized to sum to 1.

    Args:
        weights: Current weights, which sum to 1.
        last_written: Slot of the previously written sample, -1 if there is none.
        learning_rate: In [0, 1).
    """
    slot = jnp.argmin(weights).astype(jnp.int32)
    is_first = last_written == _NOTHING_WRITTEN
    growth = 1.0 / (1.0 - learning_rate)
    kept = weights * jnp.where(is_first, growth, 1.0)
    newest = jnp.where(is_first, learning_rate, weights[last_written] * growth)
    updated = kept.at[slot].set(newest)
    return updated / jnp.sum(updated), slot


def write(
    memory: SampleMemory,
    sample: Float[Array, "h w K"],
    label: Float[Array, "h w"],
    *,
    learning_rate: Float[Array, ""],
    accepted: Bool[Array, ""],
) -> SampleMemory:
    """The memory with the sample in place of the least weighted one, if accepted.

    A rejected sample leaves everything as it was. Only one slot is touched, so inside
    a compiled loop the large arrays are updated in place.
    """
    several = jax.tree.map(lambda x: x[None], memory)
    several = write_in(
        several,
        jnp.int32(0),
        sample,
        label,
        learning_rate=learning_rate,
        accepted=accepted,
    )
    return jax.tree.map(lambda x: x[0], several)


def write_in(
    memories: SampleMemory,
    index: Int[Array, ""],
    sample: Float[Array, "h w K"],
    label: Float[Array, "h w"],
    *,
    learning_rate: Float[Array, ""],
    accepted: Bool[Array, ""],
) -> SampleMemory:
    """What `write` does, to memory `index` of several (every array has an axis more).

    No memory is copied, as it would be to take one out and put it back.
    """
    last_written, old_weights = memories.last_written[index], memories.weights[index]
    weights, slot = replace_least(old_weights, last_written, learning_rate)
    weights = jnp.where(accepted, weights, old_weights)
    kept_sample = jnp.where(accepted, sample, memories.samples[index, slot])
    kept_label = jnp.where(accepted, label, memories.labels[index, slot])
    newest = jnp.where(accepted, slot, last_written)
    return SampleMemory(
        samples=memories.samples.at[index, slot].set(kept_sample),
        labels=memories.labels.at[index, slot].set(kept_label),
        weights=memories.weights.at[index].set(weights),
        last_written=memories.last_written.at[index].set(newest),
    )
