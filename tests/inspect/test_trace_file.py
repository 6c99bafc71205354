import io
import json
import zipfile

import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.inspect import trace_file
from tests.inspect import clips


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "clip.npz"
    trace_file.save(path, clips.content())
    return path


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return {x.filename: archive.read(x) for x in archive.infolist()}


def rewrite(path, **changed):
    """Replaces arrays of a file, named without their ending; None takes one out."""
    content = entries(path)
    for name, array in changed.items():
        name = name.replace("__", "/") + ".npy"
        content.pop(name)
        if array is not None:
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=True)
            content[name] = buffer.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)


def test_what_is_saved_is_loaded(saved):
    loaded, wanted = trace_file.load(saved), clips.content()
    assert loaded.pictures == wanted.pictures
    for name in ("video", "design", "settings", "size_hw", "small_hw"):
        assert getattr(loaded, name) == getattr(wanted, name)
    for one, other in zip(loaded.objects, wanted.objects, strict=True):
        assert one.name == other.name
        for array, same in zip(one.trace, other.trace, strict=True):
            np.testing.assert_allclose(array, same, rtol=1e-3, atol=1e-3)


def test_equal_traces_are_equal_files(saved, tmp_path):
    again = tmp_path / "again.npz"
    trace_file.save(again, trace_file.load(saved))
    assert again.read_bytes() == saved.read_bytes()
    assert saved.stat().st_size < 80_000


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="a part of the path is a file"):
        trace_file.save(tmp_path / "file" / "clip.npz", clips.content())
    assert [x.name for x in tmp_path.iterdir()] == ["file"]


def refused(path, *words):
    with pytest.raises(InputError) as error:
        trace_file.load(path)
    message = str(error.value)
    assert message.isprintable() and path.name in message and "--trace" in message
    for word in words:
        assert word in message


ABOUT = {
    "format": trace_file.FORMAT, "video": "a", "design": "b", "settings": "c",
    "size_hw": [96, 120], "small_hw": [96, 120], "objects": ["one"],
}  # fmt: skip


def about(**changed):
    return np.frombuffer(json.dumps(ABOUT | changed).encode(), np.uint8)


@pytest.mark.parametrize(
    "changed",
    [
        {"about": about(format="samn_jax trace 0")},
        {"about": about(objects=["one", "two"])},
        {"about": about(objects=[3])},
        {"about": about(video=None)},
        {"about": about(size_hw=[0, 5])},
        {"about": about(small_hw=[96, 2**40])},
        {"about": about(small_hw=[48, 60])},
        {"about": np.frombuffer(b"[" * 100_000, np.uint8)},
        {"about": None},
        {"objects__0__frame": np.zeros(3, np.int32)},
        {"objects__0__frame": np.full(clips.COUNT, -4, np.int32)},
        {"objects__0__frame": np.zeros(clips.COUNT, np.float32)},
        {"objects__0__reason": np.full(clips.COUNT, 10**6, np.int32)},
        {"objects__0__held_end": np.full(clips.COUNT, 5, np.int32)},
        {"objects__0__confidence": np.full(clips.COUNT, np.nan, np.float32)},
        {"objects__0__frame": np.array([{}] * clips.COUNT)},
        {"objects__0__area": None},
        {"pictures__end": np.zeros(clips.COUNT, np.int64)},
        {"pictures__jpeg": np.zeros(4, np.uint8)},
    ],
    ids=lambda changed: next(iter(changed)) + str(next(iter(changed.values())))[:20],
)
def test_a_damaged_file_is_refused(saved, changed):
    rewrite(saved, **changed)
    refused(saved)


def test_files_that_are_none_are_refused(saved, tmp_path):
    data = saved.read_bytes()
    for number, content in enumerate((b"", b"PK", data[:-30], data[:900], b"x" * 99)):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(content)
        refused(path)
    with pytest.raises(InputError, match="is missing"):
        trace_file.load(tmp_path / "none.npz")
    with pytest.raises(InputError, match="is a folder"):
        trace_file.load(tmp_path)


def test_a_bomb_is_refused_before_it_goes_off(saved):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<i4", "fortran_order": False, "shape": (2**40,)}
    )
    content = entries(saved)
    content["objects/0/frame.npy"] = header.getvalue()
    with zipfile.ZipFile(saved, "w") as archive:
        for name, entry in content.items():
            archive.writestr(name, entry)
    refused(saved, "another size")


def test_flipped_bytes_never_get_through_as_another_error(saved):
    data, rng = saved.read_bytes(), np.random.default_rng(0)
    for _ in range(60):
        spoiled = bytearray(data)
        for place in rng.integers(0, len(data), 3):
            spoiled[place] ^= 1 << rng.integers(8)
        saved.write_bytes(spoiled)
        try:
            trace_file.load(saved)
        except InputError:
            pass
