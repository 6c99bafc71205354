"""What every network gives the tracker: features of a crop, and its methods."""

from typing import Any, NamedTuple, Protocol

from jaxtyping import Array, Float

from samn_jax.memory.entry import Key, Value

PREVIOUS_STRIDE = 2  # of the previous frame's mask, as `decode` is given it


class QueryFeatures(NamedTuple):
    """One batch of encoded crops."""

    key: Key  # (B, h, w, ·)
    value: Float[Array, "B h w Cq"]  # joined with the readout by the decoder
    pyramid: tuple[Array, ...]  # trunk features (B, H/s, W/s, C) at stride s: 16 first


class Network(Protocol):
    """The methods of an appearance network, a Linen module (paper, fig. 2).

    A network repeats their signatures, as of any protocol: a checker of types compares
    the two, and who reads the network sees its shapes.

    Attributes:
      similarity: of two keys, `dot` or `l2`, as the network is trained.

    A network whose `previous_mask` is true has a fourth argument of `decode`: the
    previous frame's mask as the crop sees it, at stride 2 (see `sees_previous`).
    """

    similarity: str

    def encode_query(self, image: Float[Array, "B H W 3"]) -> QueryFeatures:
        """Returns the features of crops with values in [0, 1]."""

    def encode_memory(
        self,
        image: Float[Array, "B H W 3"],
        query: QueryFeatures,
        mask: Float[Array, "B H W"],
    ) -> tuple[Key, Value]:
        """Returns key and value of crops whose object probability is `mask`."""

    def decode(
        self,
        readout: Value,
        query: QueryFeatures,
        center_xy: Float[Array, "B 2"],
    ) -> Float[Array, "B H W"]:
        """Returns the log-odds of the object; `center_xy` is its likely place."""

    def filter_features(
        self, image: Float[Array, "B H W 3"]
    ) -> Float[Array, "B h w C"]:
        """Returns the stride-16 features for the spatial memory's filter."""


def sees_previous(network: Any) -> bool:
    """Returns whether a network is to be shown the previous frame's mask."""
    return bool(getattr(network, "previous_mask", False))
