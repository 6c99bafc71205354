"""Drawing by source: how often each of several kinds of data comes up.

A source is named by a folder that its photos or clips lie in (`train_more`, `static`),
by its data set, or by what their file names begin with (`coco`, `turn-`). `""` are all
that no source before it has. Shares are relative: (("coco", 2.0), ("", 1.0)) draws one
of COCO two times in three, evenly among its own.
"""

from collections.abc import Sequence
from pathlib import PurePath

import numpy as np

from samn_jax import files
from samn_jax.data.clips.config import Shares
from samn_jax.data.clips.sources import Frame, Video
from samn_jax.errors import InputError


class Chooser:
    """Draws indices of photos or videos, evenly or by source."""

    def __init__(
        self, items: Sequence[Frame | Video], shares: Shares, setting: str
    ) -> None:
        """Sorts the items by source.

        Args:
          items: photos or videos.
          shares: of each source; () draws all items evenly.
          setting: name of the setting, for messages.

        Raises:
          InputError: an item or a source is left without the other.
        """
        self._count = len(items)
        self._members: list[np.ndarray] = []
        if not shares or not items:
            return
        sources = [name for name, _ in shares]
        found = [_source_of(item, sources, setting) for item in items]
        self._members = [
            np.array([i for i, source in enumerate(found) if source == name], int)
            for name in sources
        ]
        empty = [s for s, m in zip(sources, self._members, strict=True) if not len(m)]
        if empty:
            raise InputError(
                f"sampling.{setting}: nothing in the data is of source "
                f"'{files.shown(empty[0])}': leave it out, or correct its name"
            )
        self._until = np.cumsum([share for _, share in shares])

    def draw(self, rng: np.random.Generator) -> int:
        """Returns the index of one item."""
        if not self._members:
            return int(rng.integers(self._count))
        at = np.searchsorted(self._until, rng.random() * self._until[-1], "right")
        members = self._members[min(int(at), len(self._members) - 1)]
        return int(members[rng.integers(len(members))])

    def probabilities(self) -> np.ndarray:
        """Returns how probable each item is, (n,)."""
        if not self._members:
            return np.full(self._count, 1 / max(self._count, 1))
        result = np.zeros(self._count)
        shares = np.diff(self._until, prepend=0.0) / self._until[-1]
        for members, share in zip(self._members, shares, strict=True):
            result[members] = share / len(members)
        return result


def _source_of(item: Frame | Video, sources: Sequence[str], setting: str) -> str:
    """Returns the first source that an item is of."""
    file_name = PurePath(item.name).name
    for source in sources:
        if source in item.origins or file_name.startswith(source):
            return source
    raise InputError(
        f"sampling.{setting}: {files.shown(item.name)} is of none of the sources: add "
        'one for it, or ("", share) for the rest'
    )
