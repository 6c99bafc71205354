"""Masks spoiled on purpose: what a tracker's own mistakes look like, drawn at random.

A network that only ever remembers good masks learns to trust its memory; in tracking a
mistake is then remembered, read, and made again.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from samn_jax import settings
from samn_jax.errors import InputError
from samn_jax.geometry import crops

_EDGE = 16  # crop sides over the width of the window that edges are moved within
_SHARPNESS = 6.0  # of an edge that was moved
_LEAST_SIZE = 4.0  # px, where a mask is empty


@dataclasses.dataclass(frozen=True)
class SpoilConfig:
    """How often a mask is spoiled, and in which way; at most in one.

    Attributes:
      drifted_share: of masks that are shifted by `drift`.
      ragged_share: of masks that are eroded or dilated.
      missing_share: of masks that are cut off along a line.
      other_share: of masks that are another object's; where there is none, they are
        shifted by their own size and more.
      drift: range of the shift, in roots of the mask's area.
    """

    drifted_share: float = 0.0
    ragged_share: float = 0.0
    missing_share: float = 0.0
    other_share: float = 0.0
    drift: tuple[float, float] = (0.2, 0.8)

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
          InputError: a share is none, they are more than 1 together, or the range is
            none.
        """
        settings.check_shares(self, *_SHARES)
        if self.total > 1:
            names = ", ".join(_SHARES)
            raise InputError(
                f"{names} are {self.total:g} together, more than 1: lower one"
            )
        settings.check_numbers(self, "drift", 2)
        if not 0 <= self.drift[0] <= self.drift[1]:
            raise InputError(
                f"drift is {self.drift}: give the smallest and the largest"
            )

    @property
    def total(self) -> float:
        """Returns the share of masks that are spoiled."""
        return sum(getattr(self, name) for name in _SHARES)


_SHARES = ("drifted_share", "ragged_share", "missing_share", "other_share")


def spoil(
    config: SpoilConfig,
    key: jax.Array,
    mask: Float[Array, "S S"],
    other: Float[Array, "S S"],
) -> tuple[Float[Array, "S S"], Bool[Array, ""]]:
    """Returns a mask, perhaps spoiled, and whether it is.

    Args:
      config: how often, and in which way.
      key: a random key.
      mask: probabilities.
      other: the mask of another object, or nothing.
    """
    kind, how = jax.random.split(key)
    ways = (
        _drifted(how, mask, config.drift),
        _ragged(how, mask),
        _cut(how, mask),
        jnp.where(jnp.any(other > 0.5), other, _drifted(how, mask, (1.2, 2.0))),
    )
    draw, until = jax.random.uniform(kind), 0.0
    result = mask
    for name, way in zip(_SHARES, ways, strict=True):
        share = getattr(config, name)
        chosen = (draw >= until) & (draw < until + share)
        result, until = jnp.where(chosen, way, result), until + share
    return result, draw < until


def place_of(mask: Float[Array, "S S"]) -> tuple[Float[Array, "2"], Float[Array, ""]]:
    """Returns the center (x, y) and the root of the area of a mask, in its pixels.

    Of an empty mask it is the middle.
    """
    size = mask.shape[0]
    axis = jnp.arange(size, dtype=jnp.float32) + 0.5
    area = jnp.sum(mask)
    sums = jnp.stack((jnp.sum(mask * axis[None, :]), jnp.sum(mask * axis[:, None])))
    center = jnp.where(area > 0.5, sums / jnp.maximum(area, 0.5), size / 2.0)
    return center, jnp.sqrt(jnp.maximum(area, _LEAST_SIZE**2))


def move(
    mask: Float[Array, "S S"],
    from_xy: Float[Array, "2"],
    to_xy: Float[Array, "2"],
    scale: Float[Array, ""] | float = 1.0,
) -> Float[Array, "S S"]:
    """Returns a mask enlarged by `scale`, what was at `from_xy` now at `to_xy`."""
    size = mask.shape[0]
    middle = jnp.full((2,), size / 2.0, jnp.float32)
    whole = crops.SquareCrop(middle, jnp.float32(size), jnp.int32(1))
    looked_at = crops.SquareCrop(
        from_xy + (middle - to_xy) / scale, whole.side / scale, whole.stride
    )
    return crops.recrop(mask, whole, looked_at, out_size=size)


def _drifted(
    key: jax.Array, mask: Float[Array, "S S"], drift: tuple[float, float]
) -> Float[Array, "S S"]:
    """Returns a mask that is shifted in some direction."""
    direction, length = jax.random.uniform(key, (2,))
    center, size = place_of(mask)
    reach = size * (drift[0] + (drift[1] - drift[0]) * length)
    angle = 2 * jnp.pi * direction
    shift = reach * jnp.stack((jnp.cos(angle), jnp.sin(angle)))
    return move(mask, center, center + shift)


def _ragged(key: jax.Array, mask: Float[Array, "S S"]) -> Float[Array, "S S"]:
    """Returns a mask whose edges are moved inwards or outwards, all alike."""
    width = max(mask.shape[0] // _EDGE // 2 * 2 + 1, 3)
    mean = mask
    for window in ((width, 1), (1, width)):
        mean = jax.lax.reduce_window(mean, 0.0, jax.lax.add, window, (1, 1), "SAME")
    draws = jax.random.uniform(key, (2,))
    # Below one half the edge is outside of where it was, above it inside.
    level = jnp.where(draws[0] < 0.5, 0.08 + 0.27 * draws[1], 0.65 + 0.27 * draws[1])
    return jnp.clip((mean / width**2 - level) * _SHARPNESS + 0.5, 0.0, 1.0)


def _cut(key: jax.Array, mask: Float[Array, "S S"]) -> Float[Array, "S S"]:
    """Returns a mask without what lies beyond a line near its center."""
    direction, offset = jax.random.uniform(key, (2,))
    center, size = place_of(mask)
    axis = jnp.arange(mask.shape[0], dtype=jnp.float32) + 0.5
    angle = 2 * jnp.pi * direction
    along = jnp.cos(angle) * (axis - center[0])[None, :]
    along = along + jnp.sin(angle) * (axis - center[1])[:, None]
    return jnp.where(along < (offset - 0.4) * 0.8 * size, mask, 0.0)
