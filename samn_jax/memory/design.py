"""The seam for memory research: the four functions of a memory, and wrappers.

A design is storage and policy; how a memory is read and what the network has trained is
the `Reader`'s. To try one, write a frozen dataclass that inherits from `Design`, in one
file, and give it by name: `--set memory.design=path/to/my.py:Mine`.
"""

import abc
import dataclasses
from typing import Any

import jax
from jaxtyping import Array, Bool

from samn_jax.memory import entry as entry_lib
from samn_jax.memory.entry import Entry, Key, Read, Reason, Report, Slots
from samn_jax.memory.reader import Reader


class Design(abc.ABC):
    """A memory of one object: pure functions over a state of its own choice.

    The state is any pytree of arrays whose shapes and types stay. The order in a frame:
    `read`, then the frame is segmented and measured, then `write` with that same read,
    in every frame; the design itself decides what is worth remembering. Subclasses are
    frozen dataclasses; their fields are their settings and must be hashable.
    """

    def wants(self, entry: Entry) -> Bool[Array, ""] | bool:
        """Returns whether `write` would use the key or the value of a frame.

        Of one that isn't wanted the tracker makes neither, which saves time; `write` is
        called with zeros in their place. Given frames must be wanted. A subclass whose
        `write` uses more frames says so here too; a `Wrapper` wants all, as it may show
        other ones to the design inside than it was shown itself.

        Args:
          entry: the frame without key and value: zeros.
        """
        del entry
        return True

    @abc.abstractmethod
    def init(self, entry: Entry, reader: Reader) -> Any:
        """Returns a memory that holds the first frame."""

    @abc.abstractmethod
    def read(self, state: Any, query: Key, reader: Reader) -> Read:
        """Returns what the memory says of each cell of the current frame."""

    @abc.abstractmethod
    def write(
        self, state: Any, entry: Entry, read: Read, reader: Reader
    ) -> tuple[Any, Report]:
        """Returns the memory after one more frame, and what was done with it.

        Args:
          state: the memory before.
          entry: the frame, now that it is segmented.
          read: what `read` gave for this frame.
          reader: compares keys as the network does; has the design's own weights.
        """

    @abc.abstractmethod
    def slots(self, state: Any) -> Slots:
        """Returns what is in the memory."""

    def init_parameters(self, key: jax.Array, entry: Entry) -> dict[str, Any]:
        """Returns the design's own weights, drawn anew; `{}` has none.

        They live in the collection `memory` of the network's variables and come back as
        `reader.parameters`.

        Args:
          key: a random key.
          entry: says the shapes; its numbers mean nothing.
        """
        del key, entry
        return {}


@dataclasses.dataclass(frozen=True)
class Wrapper(Design):
    """A design that does what another one does; subclasses change a part of it.

    Attributes:
      inner: the other one.
    """

    inner: Design

    def init(self, entry: Entry, reader: Reader) -> Any:
        """Returns the inner design's memory of the first frame."""
        return self.inner.init(entry, reader)

    def read(self, state: Any, query: Key, reader: Reader) -> Read:
        """Returns what the inner design reads."""
        return self.inner.read(state, query, reader)

    def write(
        self, state: Any, entry: Entry, read: Read, reader: Reader
    ) -> tuple[Any, Report]:
        """Returns what the inner design writes."""
        return self.inner.write(state, entry, read, reader)

    def slots(self, state: Any) -> Slots:
        """Returns what is in the inner design's memory."""
        return self.inner.slots(state)

    def init_parameters(self, key: jax.Array, entry: Entry) -> dict[str, Any]:
        """Returns the inner design's weights."""
        return self.inner.init_parameters(key, entry)


@dataclasses.dataclass(frozen=True)
class Frozen(Wrapper):
    """A memory that learns nothing after its first frame: a control."""

    def wants(self, entry: Entry) -> Bool[Array, ""] | bool:
        """Returns that no frame is of use."""
        del entry
        return False

    def write(
        self, state: Any, entry: Entry, read: Read, reader: Reader
    ) -> tuple[Any, Report]:
        """Returns the memory as it was."""
        del entry, read, reader
        return state, entry_lib.report(Reason.FROZEN)
