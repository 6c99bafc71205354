"""A data set spread over processes or hosts: each takes every n-th video."""

import dataclasses
from typing import NamedTuple

from samn_jax import errors, files
from samn_jax.data import types

_LONGEST = 20  # letters of a shard


class Shard(NamedTuple):
    """One of `count` parts of a data set; the first has index 1."""

    # They hide the methods of a tuple, which has no use here.
    index: int  # type: ignore[assignment]
    count: int  # type: ignore[assignment]

    @property
    def label(self) -> str:
        """Returns its name in files, as `1of3`."""
        return f"{self.index}of{self.count}"


def parse_shard(text: str) -> Shard:
    """Returns the shard of a text like `1/3`, the first of three.

    Raises:
      InputError: it isn't i/n with 1 ≤ i ≤ n.
    """
    index, slash, count = text.partition("/")
    short = len(text) <= _LONGEST
    if short and slash and index.isdecimal() and count.isdecimal():
        shard = Shard(int(index), int(count))
        if 1 <= shard.index <= shard.count:
            return shard
    raise errors.InputError(
        f"--shard {files.shown(text)} isn't i/n with i from 1 to n: the first of "
        "three is 1/3"
    )


def select_shard(dataset: types.Dataset, shard: Shard) -> types.Dataset:
    """Returns the videos of a shard; every video is in one of them.

    Raises:
      InputError: it has none, for want of videos.
    """
    chosen = dataset.sequences[shard.index - 1 :: shard.count]
    if not chosen:
        raise errors.InputError(
            f"{dataset.name} has {len(dataset.sequences)} videos, none is left for "
            f"shard {shard.index}/{shard.count}: take fewer shards"
        )
    return dataclasses.replace(dataset, sequences=chosen)
