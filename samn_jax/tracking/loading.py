"""What a tracker is made of, from a model file."""

import dataclasses
import functools
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Bool

from samn_jax import errors, files
from samn_jax.errors import InputError
from samn_jax.memory import parameters
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.design import Design, Wrapper
from samn_jax.memory.entry import Entry, Key, Read, Report
from samn_jax.memory.reader import Reader
from samn_jax.models import model_file, winograd
from samn_jax.tracking import state_checks, tracker
from samn_jax.tracking.config import file_config
from samn_jax.tracking.state import TrackerSpec, bucket

_OWN = "samn_jax."  # modules of designs that the tests check
_SIZE = (64, 64)  # of the frame that a design's shapes are looked at with
_CURE = "python -m samn_jax.memory.check my.py:Mine says what is wrong"


def load_tracker(
    checkpoint: str | Path, design: Design | None, overrides: dict[str, Any]
) -> tuple[TrackerSpec, dict[str, Any]]:
    """Returns the static part and the weights of a model file's tracker.

    Args:
      checkpoint: path of a model file, or a shipped model's name.
      design: a memory design, in place of the one that the settings name.
      overrides: fields of `TrackerConfig`, as `overrides.merge` takes them.

    Raises:
      InputError: the file is missing, damaged or of another model; a setting is unknown
        or not right; the design is none, or can't be used.
    """
    if not isinstance(design, Design | None):
        raise InputError(
            f"design is {files.shown(repr(design))}: give an object that inherits "
            "from samn_jax.memory.design.Design, or memory={'design': name}"
        )
    model = model_file.load_model(checkpoint)
    if design is not None:  # No other one need be there.
        overrides = {**overrides, "memory.design": MemoryConfig.design}
    config = file_config(checkpoint, model, overrides)
    network = model_file.build_network(model.config)
    spec = TrackerSpec.of(network, config, design)
    variables = parameters.select(spec.memory, network, model.variables, checkpoint)
    check_design(spec, variables)
    return spec, winograd.for_this_machine(network, variables)


def check_design(spec: TrackerSpec, variables: dict[str, Any]) -> None:
    """Checks shapes and types of what a design reads and stores; nothing is run.

    The package's own designs pass: the tests check them.

    Raises:
      InputError: it reads what the network was not trained on, its state does not stay
        as it is, or JAX can't follow what it does.
      Exception: whatever the design's own code raises.
    """
    if type(spec.memory).__module__.startswith(_OWN):
        return
    name = type(spec.memory).__name__
    spec = dataclasses.replace(spec, memory=_Watched(spec.memory))
    frame = jax.ShapeDtypeStruct((*bucket(*_SIZE), 3), np.uint8)
    step = functools.partial(tracker.track_step, spec)
    try:
        before = state_checks.expected(spec, variables, _SIZE)
        after, _ = jax.eval_shape(step, variables, before, frame)
    except Exception as error:
        if isinstance(error, InputError) or errors.own_place(error):
            raise
        raise InputError(
            f"memory design {name} can't be used ({errors.reason_of(error)}): {_CURE}"
        ) from error
    old, new = (_forms(state.memory) for state in (before, after))
    for place in sorted(old.keys() | new.keys()):
        if old.get(place) != new.get(place):
            raise InputError(
                f"memory design {name}: write makes state{place}, which is "
                f"{old.get(place, 'not there')} after init, "
                f"{new.get(place, 'disappear')}: {_CURE}"
            )


class _Values:
    """The form of a first frame's values, kept outside of what is traced."""

    forms: dict[str, str] | None = None


@dataclasses.dataclass(frozen=True)
class _Watched(Wrapper):
    """A design whose reads must have the form of its first frame's values.

    It asks the inner design directly: what that returns may be of any type.
    """

    values: _Values = dataclasses.field(default_factory=_Values)

    def init(self, entry: Entry, reader: Reader) -> Any:
        """Returns the design's state, and notes the form of values."""
        self.values.forms = _forms(entry.value)
        return self.inner.init(entry, reader)

    def read(self, state: Any, query: Key, reader: Reader) -> Read:
        """Returns what the design reads.

        Raises:
          InputError: it is no read, or of another form than values are.
        """
        read = self.inner.read(state, query, reader)
        if not isinstance(read, Read):
            raise self._wrong(f"read returns {type(read).__name__}: return a Read")
        for place, form in _forms(read.readout).items():
            wanted = (self.values.forms or {}).get(place, form)
            if form != wanted:
                raise self._wrong(
                    f"read gives readout{place} as {form}, the network was trained on "
                    f"{wanted}"
                )
        return read

    def wants(self, entry: Entry) -> Bool[Array, ""] | bool:
        """Returns whether the design uses the frame's key or value."""
        return self.inner.wants(entry)

    def write(
        self, state: Any, entry: Entry, read: Read, reader: Reader
    ) -> tuple[Any, Report]:
        """Returns what the design writes.

        Raises:
          InputError: it is no state with a report.
        """
        written = self.inner.write(state, entry, read, reader)
        is_pair = isinstance(written, tuple) and len(written) == 2
        if not (is_pair and isinstance(written[1], Report)):
            raise self._wrong("write returns something else: return (state, Report)")
        return written

    def _wrong(self, what: str) -> InputError:
        name = type(self.inner).__name__
        return InputError(f"memory design {name}: {what}: {_CURE}")


def _forms(state: Any) -> dict[str, str]:
    leaves = jax.tree_util.tree_leaves_with_path(state)
    return {jax.tree_util.keystr(path): f"{x.dtype}{x.shape}" for path, x in leaves}
