import argparse
import os
import pickle
import sys
import zipfile

import ml_dtypes
import numpy as np
import pytest

from samn_jax.convert import torch_reader
from samn_jax.errors import InputError
from tests.convert import torch_files


@pytest.fixture(autouse=True)
def names_of_torch(monkeypatch, request):
    if "torch" in request.keywords:
        return
    for name, module in torch_files.fake_torch().items():
        monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture(params=["zip", "legacy"])
def save(request):
    return torch_files.SAVERS[request.param]


def example() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 4)).astype(np.float32)
    return {
        "conv.weight": x,
        "half": x.astype(np.float16),
        "brain": x.astype(ml_dtypes.bfloat16),
        "count": np.array(7),
        "empty": np.zeros((0, 3), np.float32),
    }


def test_arrays_come_back_exactly(tmp_path, save):
    path = tmp_path / "a.pth"
    save(path, torch_files.tensors(example()))
    state = torch_reader.read_state(path)
    assert list(state) == list(example())
    for name, array in example().items():
        assert state[name].dtype == array.dtype
        np.testing.assert_array_equal(state[name], array)


def test_nested_parallel_weights_beside_other_things(tmp_path, save):
    weights = torch_files.tensors({"module.a": np.ones(3, np.float32)})
    moments = torch_files.tensors({"m": np.zeros(3, np.float32)})
    moments["m"].storage.key = "9"
    content = {
        "epoch": 3,
        "best": np.float64(0.5),
        "options": argparse.Namespace(lr=0.1),
        "optimizer": {"state": {0: moments}, "lr": 1e-3},
        "state_dict": weights,
    }
    path = tmp_path / "a.tar"
    save(path, content)
    state = torch_reader.read_state(path)
    assert list(state) == ["a"]
    np.testing.assert_array_equal(state["a"], np.ones(3))


def test_offsets_strides_and_shared_storages(tmp_path, save):
    whole = np.arange(24, dtype=np.float32)
    stored = torch_files.Stored("0", whole)
    views = {
        "turned": torch_files.View(stored, 0, (6, 4), (1, 6)),
        "tail": torch_files.View(stored, 20, (4,), (1,)),
        "spread": torch_files.View(stored, 3, (2, 5), (0, 2)),
    }
    path = tmp_path / "a.pth"
    save(path, views)
    state = torch_reader.read_state(path)
    np.testing.assert_array_equal(state["turned"], whole.reshape(4, 6).T)
    np.testing.assert_array_equal(state["tail"], whole[20:])
    np.testing.assert_array_equal(state["spread"], np.tile(whole[3:12:2], (2, 1)))


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(0, (25,), (1,)), (24, (1,), (1,)), (-1, (2,), (1,)), (0, (2,), (-1,))]
    + [(0, (2, 2), (1,)), (0, (10**9,), (0,)), (0, (4, 8), (8, 1))],
)
def test_a_tensor_may_not_reach_past_its_storage(
    tmp_path, save, offset, shape, strides
):
    stored = torch_files.Stored("0", np.arange(24, dtype=np.float32))
    path = tmp_path / "a.pth"
    save(path, {"a": torch_files.View(stored, offset, shape, strides)})
    with pytest.raises(InputError, match=r"a\.pth .*tensor"):
        torch_reader.read_state(path)


class Attack:
    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("function", [os.system, eval, exec, __import__, getattr])
def test_foreign_functions_are_refused_and_never_run(tmp_path, save, function):
    victim = tmp_path / "victim"
    code = f"touch {victim}" if function is os.system else f"open({str(victim)!r}, 'w')"
    path = tmp_path / "a.pth"
    save(path, {"state_dict": Attack(function, code)})
    with pytest.raises(InputError, match=function.__name__):
        torch_reader.read_state(path)
    assert not victim.exists()


def test_dotted_names_do_not_reach_through_allowed_modules(tmp_path):
    data = b"\x80\x04\x8c\x0bcollections\x8c\x09_sys.exit\x93."
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as archive:
        archive.writestr("archive/data.pkl", data)
    with pytest.raises(InputError, match=r"collections\._sys\.exit"):
        torch_reader.read_state(tmp_path / "a.pth")


def test_every_cut_of_a_file_is_an_input_error(tmp_path, save):
    path = tmp_path / "a.pth"
    save(path, torch_files.tensors({"a": np.ones(3, np.float32)}))
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="a.pth"):
            torch_reader.read_state(path)


@pytest.mark.parametrize(
    "content", [b"", b"text\n", b"\x89PNG\r\n", pickle.dumps({"a": 1}), b"\x80\x02."]
)
def test_other_files_are_an_input_error(tmp_path, content):
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as a torch checkpoint"):
        torch_reader.read_state(path)


def test_missing_file_and_file_without_tensors(tmp_path, save):
    with pytest.raises(InputError, match="torch checkpoint .*none.pth"):
        torch_reader.read_state(tmp_path / "none.pth")
    path = tmp_path / "a.pth"
    save(path, {"epoch": 3})
    with pytest.raises(InputError, match="holds no named tensors"):
        torch_reader.read_state(path)


@pytest.mark.torch
@pytest.mark.parametrize("zipped", [True, False])
def test_files_that_torch_wrote(tmp_path, zipped):
    torch = pytest.importorskip("torch")
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    tensors = {
        "turned": base.t(),
        "tail": base[2:, 1:],
        "half": base.half(),
        "brain": base.bfloat16(),
        "count": torch.tensor(5),
        "parameter": torch.nn.Parameter(base + 1),
    }
    path = tmp_path / "a.pth"
    content = {"epoch": 1, "state_dict": tensors}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    state = torch_reader.read_state(path)
    for name, value in tensors.items():
        np.testing.assert_array_equal(
            state[name].astype(np.float32), value.detach().float().numpy()
        )
