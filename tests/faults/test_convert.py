"""Torch checkpoints of strangers: FAULTS 1, 4 (converting onto itself), 5 and 6."""

import functools
import os
import pickle
import struct
import sys
import zipfile

import numpy as np
import pytest

from samn_jax import convert
from samn_jax.convert import __main__ as command
from samn_jax.convert import limits, torch_checkpoint, torch_reader
from samn_jax.errors import InputError
from tests.convert import pickles, torch_files
from tests.convert.test_torch_checkpoint import TINY, save, torch_arrays
from tests.faults import peak_memory

READ = "samn_jax.convert.torch_reader:read_state"


@pytest.fixture(autouse=True)
def names_of_torch(monkeypatch):
    for name, module in torch_files.fake_torch().items():
        monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    good = tmp_path_factory.mktemp("good") / "good.pth"
    arrays = {"a": pickles.tensor(pickles.storage(1000), (1000,))}
    pickles.save(good, pickles.state_dict(**arrays), {"0": bytes(4000)})
    with peak_memory.worker() as made:
        made.warm_up(READ, good)
        yield made


# Case 1: reading outside a buffer, and changing the reader's own types.


@pytest.mark.parametrize("attribute", ["size", "_size", "array"])
def test_a_storage_can_not_be_made_to_look_larger(tmp_path, attribute):
    large = pickles.integer(2**40)
    stored = pickles.build(pickles.storage(1), **{attribute: large})
    pickled = pickles.state_dict(a=pickles.tensor(stored, (4096,)))
    path = pickles.save(tmp_path / "a.pth", pickled, {"0": bytes(4)})
    with pytest.raises(InputError, match=r"a\.pth"):
        torch_reader.read_state(path)


@pytest.mark.parametrize("attribute", ["shape", "offset", "strides"])
def test_a_tensor_can_not_be_changed_once_it_is_checked(tmp_path, attribute):
    value = pickles.integer(2**30)
    if attribute != "offset":
        value = pickles.numbers(2**20)
    checked = pickles.tensor(pickles.storage(2), (2,))
    pickled = pickles.state_dict(a=pickles.build(checked, **{attribute: value}))
    path = pickles.save(tmp_path / "a.pth", pickled, {"0": bytes(8)})
    with pytest.raises(InputError, match=r"a\.pth"):
        torch_reader.read_state(path)


@pytest.mark.parametrize(
    "target",
    [("torch", "FloatStorage"), ("torch._utils", "_rebuild_tensor_v2")],
)
def test_one_file_changes_nothing_for_the_next(tmp_path, target):
    changed = pickles.build(pickles.name(*target), dtype=pickles.integer(0))
    bad = pickles.save(tmp_path / "a.pth", pickles.state_dict(a=changed))
    with pytest.raises(InputError, match=r"a\.pth"):
        torch_reader.read_state(bad)
    pickled = pickles.state_dict(a=pickles.tensor(pickles.storage(2), (2,)))
    good = pickles.save(tmp_path / "b.pth", pickled, {"0": struct.pack("2f", 1, 2)})
    np.testing.assert_array_equal(torch_reader.read_state(good)["a"], [1, 2])


# Case 4: what is there is lost.


@pytest.mark.parametrize("way", ["name", "hard link", "symlink", "relative"])
def test_a_checkpoint_is_not_converted_onto_itself(tmp_path, monkeypatch, capsys, way):
    source, output = tmp_path / "a.pth", tmp_path / "b.pth"
    save(source, torch_arrays())
    before = source.read_bytes()
    load = functools.partial(convert.load_torch_checkpoint, config=TINY)
    monkeypatch.setattr(torch_checkpoint, "load_torch_checkpoint", load)
    if way == "hard link":
        os.link(source, output)
    elif way == "symlink":
        output.symlink_to(source)
    elif way == "relative":
        monkeypatch.chdir(tmp_path)
        output = "../" + tmp_path.name + "/a.pth"
    else:
        output = source
    assert command.main([str(source), str(output)]) != 0
    error = capsys.readouterr().err
    assert "a.pth" in error and error.count("\n") == 1
    assert source.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1 + (way in ("hard link", "symlink"))


def test_a_failed_conversion_leaves_the_model_that_was_there(tmp_path, capsys):
    (tmp_path / "a.pth").write_bytes(b"no checkpoint")
    (tmp_path / "b").write_bytes(b"a model")
    assert command.main([str(tmp_path / "a.pth"), str(tmp_path / "b")]) != 0
    assert (tmp_path / "b").read_bytes() == b"a model"


# Case 5: weights that no network can use.

NAME = "Decoder.pred2.weight"
UNUSABLE = {
    "NaN": (lambda x: np.where(x == x.max(), np.nan, x), "NaN or infinity"),
    "infinity": (lambda x: x * np.float32(np.inf), "NaN or infinity"),
    "half infinity": (lambda x: (x * np.inf).astype(np.float16), "NaN or infinity"),
    "integer": (lambda x: x.astype(np.int64), "int64, not floating point"),
    "too large": (lambda x: x.astype(np.float64) * 1e300, "too large for float32"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_weights_that_no_network_can_use_are_refused(tmp_path, monkeypatch, kind):
    change, message = UNUSABLE[kind]
    double = {np.dtype(np.float64): "DoubleStorage"}
    monkeypatch.setattr(torch_files, "STORAGES", torch_files.STORAGES | double)
    monkeypatch.setattr(sys.modules["torch"], "DoubleStorage", None, raising=False)
    for name, module in torch_files.fake_torch().items():
        monkeypatch.setitem(sys.modules, name, module)
    arrays = dict(torch_arrays())
    arrays[NAME] = change(arrays[NAME])
    save(tmp_path / "a.pth", arrays)
    with pytest.raises(InputError, match=message) as error:
        convert.load_torch_checkpoint(tmp_path / "a.pth", config=TINY)
    assert "a.pth" in str(error.value) and NAME in str(error.value)


# Case 6: small files that take gigabytes.


def bound(path):
    return limits.MEMORY_FACTOR * path.stat().st_size + limits.MEMORY_BASE


def deflated():
    stored = pickles.tensor(pickles.storage(2**27), (2**27,))
    pickled = pickles.state_dict(a=stored)
    return pickles.archive(
        pickled, {"0": bytes(2**29)}, compression=zipfile.ZIP_DEFLATED
    )


def repeated(count=60, size=2**24):
    stored = pickles.storage(1)
    tensors = {f"t{i}": pickles.tensor(stored, (size,), (0,)) for i in range(count)}
    return pickles.archive(pickles.state_dict(**tensors), {"0": bytes(4)})


def overlapping():
    """Windows that share all but one element, so that a view is free and a copy not."""
    stored = pickles.storage(2**20)
    tensors = {
        f"t{i}": pickles.tensor(stored, (2**10, 2**19), (1, 1)) for i in range(4)
    }
    return pickles.archive(pickles.state_dict(**tensors), {"0": bytes(2**22)})


def far_memo(opcode=pickle.LONG_BINPUT):
    return pickles.archive(
        b"\x80\x02" + pickle.EMPTY_DICT + opcode + b"\xff\xff\xff\x07" + b"."
    )


def endless_text():
    return pickles.archive(b"\x80\x04" + pickle.BINUNICODE8 + b"\xff" * 7 + b"\x00.")


def crowded(opcode, times=4_000_000):
    return pickles.archive(b"\x80\x04" + opcode * times + b".")


LARGE = {
    "deflated records": deflated,
    "repeated elements": repeated,
    "overlapping elements": overlapping,
    "a far memo": far_memo,
    "a long text": endless_text,
    "lists": lambda: crowded(pickle.EMPTY_LIST),
    "remembered lists": lambda: crowded(pickle.EMPTY_LIST + pickle.MEMOIZE, 2_000_000),
    "sets": lambda: crowded(pickle.EMPTY_SET),
    "nested tuples": lambda: crowded(pickle.EMPTY_TUPLE + pickle.TUPLE1 * 9, 400_000),
    "wide text": lambda: crowded(pickles.text("é\U0001f600" * 100), 6000),
    "marks": lambda: crowded(pickle.MARK),
}


@pytest.mark.parametrize("name", LARGE)
def test_memory_stays_within_the_stated_bound(tmp_path, worker, name):
    path = tmp_path / "a.pth"
    path.write_bytes(LARGE[name]())
    outcome = worker.read(READ, path)
    assert outcome.refused, outcome.error or "it was read"
    assert "a.pth" in outcome.error and "\n" not in outcome.error
    assert outcome.growth <= bound(path)


def test_an_archive_with_countless_records_stays_within_the_bound(tmp_path, worker):
    path = tmp_path / "a.pth"
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(60_000):
            archive.writestr(f"a/{index}", b"")
    outcome = worker.read(READ, path)
    assert outcome.refused and outcome.growth <= bound(path)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_large_good_checkpoint_stays_within_the_bound(tmp_path, worker, dtype):
    rng = np.random.default_rng(0)
    arrays = {
        f"a{i}": rng.normal(size=(64, 64, 7, 7)).astype(dtype).transpose(2, 3, 1, 0)
        for i in range(40)
    }
    path = tmp_path / "a.pth"
    tensors = torch_files.tensors({n: x.ravel() for n, x in arrays.items()})
    torch_files.save_zip(path, {"state_dict": tensors})
    outcome = worker.read(READ, path)
    assert not outcome.error
    assert outcome.growth <= bound(path)


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (2**70, (1,), (1,)),
        (0, (2**62,) * 3, (0,) * 3),
        (0, (0, 2**62), (1, 1)),
        (0, (2, 1), (1, 2**66)),
        (0, (1,) * 80, (1,) * 80),
        (-(2**40), (1,), (1,)),
        (0, (2**31, 2**31, 4), (0, 0, 0)),
    ],
)
def test_absurd_places_are_refused_in_one_line(tmp_path, offset, shape, strides):
    stored = pickles.storage(4)
    pickled = pickles.state_dict(a=pickles.tensor(stored, shape, strides, offset))
    path = pickles.save(tmp_path / "a.pth", pickled, {"0": bytes(16)})
    with pytest.raises(InputError, match=r"a\.pth") as error:
        torch_reader.read_state(path)
    assert "\n" not in str(error.value)
