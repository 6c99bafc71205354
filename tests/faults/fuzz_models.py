"""Fuzz of models: checkpoints, model files and trunks.

The reading functions run in the process of `peak_memory`.
"""

import functools
import pickle
import pickletools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import jax
import numpy as np
from hypothesis import strategies as st

from samn_jax.convert import limits, torch_checkpoint, torch_reader
from samn_jax.models import model_file, trunk_file
from tests.convert import torch_files
from tests.convert.test_torch_checkpoint import TINY as TINY_SAMN
from tests.convert.test_torch_checkpoint import torch_arrays
from tests.faults import file_mutations, mutations
from tests.faults.fuzz_kinds import Kind
from tests.models import tiny_lite
from tests.models.test_efficientnet_lite import folded_arrays

# A network's shapes are traced once, not for each of thousands of files.
_shapes = functools.cache(model_file.variable_shapes)


def _check_finite(arrays: Any) -> None:
    for array in jax.tree.leaves(arrays):
        assert array.dtype == np.float32 and np.isfinite(array).all()


def read_torch(path: Path) -> None:
    """Reads all tensors of a torch checkpoint, every byte of them."""
    for array in torch_reader.read_state(path).values():
        array.tobytes()


def read_network(path: Path) -> None:
    """Converts a torch checkpoint."""
    with mock.patch.object(model_file, "variable_shapes", _shapes):
        variables, _ = torch_checkpoint.load_torch_checkpoint(path, config=TINY_SAMN)
    _check_finite(variables)


def read_model(path: Path) -> None:
    """Loads a model file."""
    with mock.patch.object(model_file, "variable_shapes", _shapes):
        _check_finite(model_file.load_model(path).variables)


@functools.cache
def _trunk() -> dict:
    return tiny_lite.make_variables()["params"]["trunk"]


def read_trunk(path: Path) -> None:
    """Loads a trunk."""
    _check_finite(trunk_file.read_trunk(path, _trunk()))


def _arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 3, 5)).astype(np.float32)
    made = {"module.a": x, "b": x.astype(np.float16), "n": np.array(7)}
    return made | {"turned": np.asfortranarray(x[0]), "none": x[:0]}


def _content() -> dict[str, Any]:
    tensors = torch_files.tensors(_arrays())
    return {"epoch": 3, "best": 0.5, "args": ["x", (1, 2)], "state_dict": tensors}


def _write_torch(save: Callable[[Path, Any], None], content: Any, path: Path) -> None:
    with mock.patch.dict("sys.modules", torch_files.fake_torch()):
        save(path, content() if callable(content) else content)


def _write_network(path: Path) -> None:
    tensors = torch_files.tensors(torch_arrays())
    _write_torch(torch_files.save_zip, {"state_dict": tensors}, path)


def _write_model(path: Path) -> None:
    notes = {"data": "blobs", "tracker": {"crop_size": 64}, "mean_of": [{"name": "a"}]}
    model_file.save_model(path, tiny_lite.CONFIG, tiny_lite.make_variables(), notes)


def _damage_pickle(name: str, content: bytes, rng: random.Random) -> bytes:
    if name.endswith("data.pkl") and rng.random() < 0.9:
        return file_mutations.damaged_pickle(content, rng)
    return mutations.changed_bytes(rng, content)


def _damaged_zip(data: bytes) -> st.SearchStrategy[bytes]:
    return file_mutations.damaged_members(data, _damage_pickle) | mutations.damaged(
        data
    )


def _damaged_stream(data: bytes) -> st.SearchStrategy[bytes]:
    lengths, position = [], 0
    for _ in range(5):
        *_, (_, _, last) = pickletools.genops(data[position:])
        lengths.append(last + len(pickle.STOP))
        position += lengths[-1]
    stream = file_mutations.damaged_stream(data, tuple(lengths))
    return stream | mutations.damaged(data)


def _damaged_model(data: bytes) -> st.SearchStrategy[bytes]:
    return file_mutations.damaged_tensor_file(data) | mutations.damaged(data)


def _damaged_trunk(data: bytes) -> st.SearchStrategy[bytes]:
    members = file_mutations.damaged_members(
        data, lambda name, content, rng: mutations.changed_bytes(rng, content)
    )
    return members | mutations.damaged(data)


def _bound(size: int) -> int:
    return limits.MEMORY_FACTOR * size + limits.MEMORY_BASE


def _kind(read: Callable, name: str, write: Callable, damaged: Callable) -> Kind:
    return Kind(f"{__name__}:{read.__name__}", name, write, damaged, _bound)


_write_zip = functools.partial(_write_torch, torch_files.save_zip, _content)
_write_stream = functools.partial(_write_torch, torch_files.save_legacy, _content)
KINDS = {
    "torch zip": _kind(read_torch, "a.pth", _write_zip, _damaged_zip),
    "torch stream": _kind(read_torch, "a.pth", _write_stream, _damaged_stream),
    "torch network": _kind(read_network, "a.pth", _write_network, _damaged_zip),
    "model": _kind(read_model, "a.safetensors", _write_model, _damaged_model),
    "trunk": _kind(
        read_trunk,
        "a.npz",
        lambda path: np.savez(path, **folded_arrays(_trunk())),
        _damaged_trunk,
    ),
}
