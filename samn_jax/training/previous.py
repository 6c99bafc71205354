"""What a network is shown of the frame before, in training.

In tracking it is the last answer, seen from the new search region. In training it must
not be so good that the network only copies it.
"""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax import settings
from samn_jax.training import spoil as spoil_lib
from samn_jax.training.spoil import SpoilConfig

_MOST_GROWTH = 3.0  # between two frames


@dataclasses.dataclass(frozen=True)
class PreviousConfig:
    """What is shown of the frame before, to networks that are shown it.

    Attributes:
      true_share: of frames that are shown the true mask, not the predicted one.
      empty_share: of frames that are shown nothing, as after a lost target.
      drift: deviation of the target's shift between the frames along each axis, in
        roots of its area.
      growth: deviation of the logarithm of its change of size.
      spoil: what else is wrong with it.
    """

    true_share: float = 0.3
    empty_share: float = 0.2
    drift: float = 0.12
    growth: float = 0.1
    spoil: SpoilConfig = SpoilConfig(
        drifted_share=0.15, ragged_share=0.2, missing_share=0.1, other_share=0.05
    )

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
          InputError: a share is none, or a deviation is negative.
        """
        settings.check_shares(self, "true_share", "empty_share")
        settings.check_at_least(self, 0, "drift", "growth")


class Before(NamedTuple):
    """Masks of one object at stride 2, in crops that were drawn independently."""

    predicted: Float[Array, "P P"]  # in the frame before
    truth: Float[Array, "P P"]  # there
    now: Float[Array, "P P"]  # the true mask of the frame to segment
    other: Float[Array, "P P"]  # another object in the frame before, or nothing


def shown(
    config: PreviousConfig, key: jax.Array | None, before: Before
) -> Float[Array, "P P"]:
    """Returns the mask of the frame before as the crop of this frame sees it.

    Crops of a clip are not drawn from one place of the video, as those of a tracker
    are: the mask is laid where the target is now, off by what it may have moved. Where
    one of the frames does not show the target, it stays where it was.

    Args:
      config: what is shown, and how often.
      key: a random key; None shows the prediction, neither moved nor spoiled.
      before: the masks.
    """
    there, size = spoil_lib.place_of(before.truth)
    here, size_now = spoil_lib.place_of(before.now)
    known = jnp.any(before.truth > 0.5) & jnp.any(before.now > 0.5)
    scale = jnp.clip(size_now / size, 1.0 / _MOST_GROWTH, _MOST_GROWTH)
    scale, here = jnp.where(known, scale, 1.0), jnp.where(known, here, there)
    mask = jax.lax.stop_gradient(before.predicted)
    if key is None:
        return spoil_lib.move(mask, there, here, scale)
    choices, motion, growth, spoiled = jax.random.split(key, 4)
    as_true, empty = jax.random.uniform(choices, (2,))
    mask = jnp.where(as_true < config.true_share, before.truth, mask)
    mask, _ = spoil_lib.spoil(config.spoil, spoiled, mask, before.other)
    here = here + config.drift * size_now * jax.random.normal(motion, (2,))
    scale = scale * jnp.exp(config.growth * jax.random.normal(growth))
    mask = spoil_lib.move(mask, there, here, scale)
    return jnp.where(empty < config.empty_share, 0.0, mask)
