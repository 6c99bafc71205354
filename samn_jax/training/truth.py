"""What is known of training clips beside the network: masks, numbers, random keys."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from samn_jax.training import objects as objects_lib
from samn_jax.training.objects import Batch
from samn_jax.training.policy import Circumstances

_POLICY = 2  # what a frame's random keys are for


def flatten(x: Float[Array, "B N ..."]) -> Float[Array, "M ..."]:
    """Returns the axes of clips and objects as one."""
    return x.reshape(-1, *x.shape[2:])


class Truth:
    """The truth of a batch, frame by frame, over clips × objects as one axis.

    Attributes:
      masks: the objects' true masks (F, B, N, H, W).
      present: which objects a clip has (B, N).
    """

    def __init__(self, batch: Batch, num_objects: int) -> None:
        self.masks, self.present = objects_lib.true_masks(batch.masks, num_objects)
        self._batch = batch
        self._keys = _keys_of_clips(batch.seeds, num_objects)

    def keys_of(self, index: int, purpose: int | None = None) -> jax.Array | None:
        """Returns random keys (B · N) of a frame, None if nothing is random."""
        if self._keys is None:
            return None
        fold = jax.vmap(jax.random.fold_in, (0, None))
        keys = fold(self._keys, index)
        return keys if purpose is None else fold(keys, purpose)

    def others(self, index: int) -> Float[Array, "M H W"]:
        """Returns the true mask of another object in a frame, perhaps of none.

        It is the clip's next object or, where there is none, what was pasted in.
        """
        truth = self.masks[index]
        other = jnp.roll(truth, -1, axis=1)
        if truth.shape[1] == 1:
            other = jnp.zeros_like(truth)
        if self._batch.others is not None:
            pasted = self._batch.others[:, None, index].astype(truth.dtype)
            is_there = jnp.any(other > 0.5, axis=(2, 3), keepdims=True)
            other = jnp.where(is_there, other, pasted)
        return flatten(other)

    def circumstances(self, index: int) -> Circumstances:
        """Returns what the memories' policy asks about a frame."""
        truth, times = flatten(self.masks[index]), self._times()
        count = truth.shape[0]
        draw = jnp.ones(count, jnp.float32)
        if (keys := self.keys_of(index, _POLICY)) is not None:
            draw = jax.vmap(jax.random.uniform)(keys)
        return Circumstances(
            number=times[:, index],
            before=times[:, max(index - 1, 0)],
            given=jnp.full(count, index == 0),
            visible=jnp.any(truth > 0.5, axis=(1, 2)),
            distractor=jnp.any(self.others(index) > 0.5, axis=(1, 2)),
            draw=draw,
        )

    def _times(self) -> Int[Array, "M F"]:
        """Returns the numbers of the frames in their videos."""
        times = self._batch.times
        if times is None:
            times = jnp.arange(self._batch.frames.shape[1], dtype=jnp.int32)
            times = jnp.broadcast_to(times, self._batch.frames.shape[:2])
        return jnp.repeat(times, self.masks.shape[2], axis=0)


def _keys_of_clips(seeds: Array | None, num_objects: int) -> jax.Array | None:
    """Returns a random key for each object of each clip, None without seeds."""
    if seeds is None:
        return None
    numbers = jnp.arange(num_objects)

    def keys(seed: Array) -> jax.Array:
        return jax.vmap(lambda n: jax.random.fold_in(jax.random.key(seed), n))(numbers)

    return jax.vmap(keys)(seeds).reshape(-1)
