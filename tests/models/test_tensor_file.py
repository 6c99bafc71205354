import ml_dtypes
import numpy as np
import pytest
import safetensors
import safetensors.numpy

from samn_jax.errors import InputError
from samn_jax.models import tensor_file

DTYPES = ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?")


def arrays():
    rng = np.random.default_rng(0)
    made = {f"a/{d}": rng.integers(0, 2, (2, 3)).astype(d) for d in DTYPES}
    made["number"] = np.array(3.5, np.float32)
    made["empty"] = np.zeros((0, 4), np.float32)
    made["turned"] = rng.normal(size=(3, 5)).astype(np.float32).T
    made["big endian"] = np.arange(3).astype(">f4")
    return made


def test_the_formats_own_library_reads_what_is_written(tmp_path):
    path = tmp_path / "a.safetensors"
    metadata = {"notes": "é\n", "format": "x"}
    tensor_file.write_file(path, arrays(), metadata)
    read = safetensors.numpy.load_file(path)
    assert read.keys() == arrays().keys()
    for name, array in arrays().items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].dtype == array.dtype.newbyteorder("=")
    with safetensors.safe_open(path, framework="numpy") as file:
        assert file.metadata() == metadata


def test_what_the_formats_own_library_writes_is_read(tmp_path):
    path = tmp_path / "a.safetensors"
    given = {n: x for n, x in arrays().items() if n not in ("turned", "big endian")}
    safetensors.numpy.save_file(given, path, {"notes": "é\n"})
    file = tensor_file.open_file(path)
    assert file.metadata == {"notes": "é\n"}
    assert file.shapes == {name: x.shape for name, x in given.items()}
    for name, array in given.items():
        np.testing.assert_array_equal(file.read(name), array)
        assert file.read(name).dtype == array.dtype


def test_brain_floats_come_back(tmp_path):
    path = tmp_path / "a"
    array = np.arange(5).astype(ml_dtypes.bfloat16)
    tensor_file.write_file(path, {"x": array}, {})
    read = tensor_file.open_file(path).read("x")
    assert read.dtype == array.dtype
    np.testing.assert_array_equal(read, array)


def test_arrays_begin_at_multiples_of_their_width(tmp_path):
    path = tmp_path / "a"
    tensor_file.write_file(path, arrays(), {"odd": "x"})
    file = tensor_file.open_file(path)
    for entry in file.entries.values():
        assert (file.content + entry.start) % entry.dtype.itemsize == 0


def test_a_file_that_is_cut_after_it_was_opened(tmp_path):
    path = tmp_path / "a"
    tensor_file.write_file(path, {"x": np.ones(100, np.float32)}, {})
    file = tensor_file.open_file(path)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match="became shorter"):
        file.read("x")
    path.unlink()
    with pytest.raises(InputError, match="No such file"):
        file.read("x")


def test_notes_that_no_reader_takes_are_refused(tmp_path):
    long = "x" * tensor_file.MOST_HEADER_BYTES
    with pytest.raises(InputError, match="notes are too long"):
        tensor_file.write_file(tmp_path / "a", {}, {"notes": long})
    assert not (tmp_path / "a").exists()
