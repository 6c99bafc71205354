"""Fuzz of state files; the reading function runs in the process of `peak_memory`."""

import functools
import json
import random
from pathlib import Path
from unittest import mock

import jax
import numpy as np
from hypothesis import strategies as st

from samn_jax.tracking import Tracker, load_state, save_state, state_file
from tests.faults import mutations
from tests.faults.fuzz_kinds import Kind
from tests.tracking import color_net

_FRAMES, _MASKS = color_net.make_clip([(30, 30)])
TRACKER = Tracker(color_net.make_spec(use_spatial=False), {}, object_slots=2)


def write_state(path: Path) -> None:
    """Writes the state of two objects."""
    state = TRACKER.add_object(None, _FRAMES[0], _MASKS[0], 3)
    state = TRACKER.add_object(state, _FRAMES[0], np.roll(_MASKS[0], 40, 1), 9)
    save_state(path, TRACKER, state)


@functools.cache
def _expected(height: int, width: int, slots: int) -> object:
    sizes = {"height": height, "width": width, "slots": slots}
    return _traced(TRACKER, sizes)


_traced = state_file._expected


def read_state(path: Path) -> None:
    """Loads a state, and makes sure that tracking could go on from it."""
    # Shapes are traced once a size, not for each of thousands of files.
    expected = mock.patch.object(
        state_file, "_expected", lambda _, sizes: _expected(**sizes)
    )
    with expected:
        state = load_state(path, TRACKER)
    for leaf in jax.tree.leaves(state):
        assert np.isfinite(np.asarray(leaf, np.float64)).all()


def damaged(data: bytes) -> st.SearchStrategy[bytes]:
    """Returns damaged copies: values of the header or texts replaced, or any bytes."""

    def build(seed: int) -> bytes:
        rng = random.Random(seed)
        length = int.from_bytes(data[:8], "little")
        header, content = json.loads(data[8 : 8 + length]), data[8 + length :]
        if rng.random() < 0.5:
            text = header["__metadata__"]
            name = rng.choice(sorted(text))
            text[name] = mutations.changed_bytes(rng, text[name].encode()).decode(
                errors="replace"
            )
            changed = json.dumps(header).encode()
        else:
            changed = mutations.changed_json(rng, header)
        return len(changed).to_bytes(8, "little") + changed + content

    return st.builds(build, st.integers(0, 2**32 - 1)) | mutations.damaged(data)


KINDS = {
    "state": Kind(
        f"{__name__}:read_state",
        "a.safetensors",
        write_state,
        damaged,
        lambda size: 4 * size + 2**26,
    )
}
