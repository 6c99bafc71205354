"""READMem: a frame is remembered if it makes the memory more diverse.

S. Vujasinović et al., "READMem: Robust Embedding Association for a Diverse Memory in
Unconstrained Video Object Segmentation", BMVC 2023 (code: READMem e00b263). Every tenth
frame that is like the annotated one is a candidate; in a full memory it takes the place
whose exchange raises the determinant of the Gram matrix of similarities most, if any
does. READMem aligns frames by their attention before it compares them; here all are
crops centered on the target, and are compared cell by cell.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.memory.entry import Entry, Reason
from samn_jax.memory.policy import FIRST, LAST, RESERVED, BoundedPolicy, SlotState
from samn_jax.memory.reader import Reader

_RIDGE = 1e-4  # on the diagonal: equal frames have determinant 0


@dataclasses.dataclass(frozen=True)
class ReadMem(BoundedPolicy):
    """Frames that differ from each other, yet are like the first one.

    Attributes:
      every: frames between candidates, instead of `memorize_every`.
      least_similarity: cosine to the first frame that a candidate must exceed.
    """

    every: int = 10
    least_similarity: float = 0.5

    def reason(self, state: SlotState, entry: Entry, reader: Reader) -> Array:
        """Returns that frames unlike the first one are poor."""
        due = entry.frame_idx % self.every == 0
        reason = super().reason(state, entry._replace(due=due), reader)
        key = entry.key.attention
        pair = jnp.stack((state.bank.key.attention[FIRST], key.astype(jnp.float32)))
        unlike = gram(pair)[0, 1] <= self.least_similarity
        poor = (reason == Reason.KEPT) & unlike & ~entry.given
        return jnp.where(poor, Reason.POOR, reason)

    def choose(self, state: SlotState, reader: Reader) -> tuple[Array, Array]:
        """Returns the slot whose exchange is best for diversity, and if it is good."""
        bank = state.bank
        # Slot 1 is the candidate, no part of what is to be diverse.
        kept = bank.valid.at[LAST].set(False)
        every = gram(bank.key.attention)

        def diversity(slot: Array) -> Array:
            rows = jnp.arange(self.num_slots).at[slot].set(LAST)
            return log_determinant(every[rows][:, rows], kept.at[slot].set(True))

        after = jax.vmap(diversity)(jnp.arange(self.num_slots))
        slot = self.victim(state, after * -1.0)
        full = jnp.all(bank.valid[RESERVED:])
        return slot, ~full | (after[slot] > log_determinant(every, kept))


def gram(keys: Float[Array, "T h w Ck"]) -> Float[Array, "T T"]:
    """Returns the cosines of all frames' keys with each other, all cells in one."""
    flat = keys.reshape(keys.shape[0], -1).astype(jnp.float32)
    norm = jnp.linalg.norm(flat, axis=1, keepdims=True)
    flat = flat / jnp.maximum(norm, 1e-6)
    return flat @ flat.T


def log_determinant(matrix: Float[Array, "T T"], rows: Array) -> Float[Array, ""]:
    """Returns ln|G + ridge| of the chosen rows and columns of a Gram matrix."""
    size = matrix.shape[0]
    eye = jnp.eye(size, dtype=matrix.dtype)
    both = rows[:, None] & rows[None, :]
    matrix = jnp.where(both, matrix + _RIDGE * eye, eye)

    def eliminate(k: Array, carry: tuple) -> tuple:
        rest, total = carry
        pivot = jnp.maximum(rest[k, k], _RIDGE / 2)
        rest = rest - rest[:, k][:, None] * rest[k][None, :] / pivot
        return rest, total + jnp.log(pivot)

    zero = jnp.zeros((), matrix.dtype)
    return jax.lax.fori_loop(0, size, eliminate, (matrix, zero))[1]
