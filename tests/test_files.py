"""Files that are whole or absent, and names that stay in their folder."""

import concurrent.futures
import errno
import json
import os

import hypothesis
import pytest
from hypothesis import strategies as st

from samn_jax import files, places
from samn_jax.errors import InputError


def test_a_file_appears_when_the_block_succeeds(tmp_path):
    path = tmp_path / "new" / "a.json"
    with files.whole_file(path) as partial:
        partial.write_text("1")
        assert not path.exists()
    assert path.read_text() == "1"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.whole_file(path) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_is_one_line_and_leaves_what_was_there(tmp_path, small_disk):
    path = small_disk / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(InputError, match="a.bin can't be written: the disk is full"):
        files.write_bytes(path, bytes(1 << 20))
    assert path.read_bytes() == b"old"
    assert list(small_disk.iterdir()) == [path]


def test_what_killed_writers_left_is_removed(tmp_path):
    paths = [tmp_path / "a.png", tmp_path / "new" / "b.png"]
    others = (tmp_path / "other.png", tmp_path / "a.txt")
    writers = [files.whole_file(path) for path in (*paths, *others)]
    left = [writer.__enter__() for writer in writers]
    for path in left:
        path.write_text("half")
    paths[0].write_text("whole")
    files.remove_leftovers(paths)
    assert [path.exists() for path in left] == [False, False, True, True]
    assert paths[0].read_text() == "whole"


def test_a_file_in_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file, not a folder"):
        files.write_text(tmp_path / "file" / "a.txt", "")


def test_many_may_write_one_file_at_once(tmp_path):
    path = tmp_path / "shared.json"
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda i: files.write_json(path, {"i": i}), range(200)))
    assert json.loads(path.read_text())["i"] in range(200)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_damaged_json_is_one_line(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json .*: delete it"):
        files.read_json_object(path, "delete it")


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "/a", "a\\b", "a\n", "\x1b[2J", "a\0", "a" * 231],
)
def test_names_that_could_leave_their_folder_are_refused(name):
    with pytest.raises(InputError, match="rename it") as caught:
        files.check_name(name, "video")
    assert str(caught.value).isprintable()


@hypothesis.given(st.text(max_size=300))
def test_a_name_that_passes_is_one_part_of_a_path(tmp_path_factory, name):
    try:
        files.check_name(name, "video")
    except InputError:
        return
    root = tmp_path_factory.getbasetemp()
    assert (root / name).parent == root
    places.inside(root, root / name)


def test_files_are_read_or_refused_in_a_line(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffé\n".encode())
    assert files.read_text(path) == "é\n"
    path.write_bytes(b"\xff\xfe")
    assert files.read_bytes(path) == b"\xff\xfe"
    with pytest.raises(InputError, match="list .*a.txt isn't text in UTF-8"):
        files.read_text(path, "list")
    with pytest.raises(InputError, match="mask .*b.txt is missing: complete"):
        files.read_bytes(tmp_path / "b.txt", "mask")
    with pytest.raises(InputError, match="is a folder: give a file"):
        files.read_bytes(tmp_path)
    with pytest.raises(InputError, match="its name is too long"):
        files.read_bytes(tmp_path / ("n" * 300))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe is no file"):
        files.read_bytes(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(InputError, match="loop can't be read, its symbolic links"):
        files.read_bytes(tmp_path / "loop")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_missing_permission_is_named_with_its_cure(tmp_path, number):
    expected = "a.txt can't be written: permission denied: make its folder writable"
    with (
        pytest.raises(InputError, match=expected),
        files.explained(tmp_path / "a.txt"),
    ):
        raise PermissionError(number, "no")
