"""Every frame at an interval, spread over the whole video, and the last one.

S. W. Oh et al., "Video Object Segmentation using Space-Time Memory Networks", ICCV
2019: the first, the last and every fifth frame, without end. Here it is bounded: when
the memory is full, the kept frame goes whose neighbors in time are nearest to each
other, so that those that stay cover the video evenly. With enough slots it is STM.
"""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from samn_jax.memory.policy import BoundedPolicy, SlotState
from samn_jax.memory.reader import Reader


@dataclasses.dataclass(frozen=True)
class Stm(BoundedPolicy):
    """Frames at intervals, thinned evenly when the memory is full."""

    def choose(self, state: SlotState, reader: Reader) -> tuple[Array, Array]:
        """Returns the slot whose frame leaves the smallest gap."""
        worth = gaps(state.bank.frame_idx, state.bank.valid)
        return self.victim(state, worth), jnp.ones((), bool)


def gaps(frame_idx: Int[Array, " T"], valid: Bool[Array, " T"]) -> Float[Array, " T"]:
    """Returns the frames between each slot's earlier and later neighbor in time.

    Infinite for the first and the last of them.
    """
    times = frame_idx.astype(jnp.float32)
    other = times[None, :]
    earlier = jnp.where(valid[None, :] & (other < times[:, None]), other, -jnp.inf)
    later = jnp.where(valid[None, :] & (other > times[:, None]), other, jnp.inf)
    return jnp.min(later, axis=1) - jnp.max(earlier, axis=1)
