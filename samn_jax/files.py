"""Files that are whole or absent when written, and refused in one line when unreadable.

What is written is written beside its place, then moved into it. Whoever reads a result
may trust that it was finished: a run that is killed, a disk that fills up or a folder
that can't be written leaves what was there before.
"""

import contextlib
import errno
import json
import os
import stat
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from samn_jax.errors import InputError, one_line

PARTIAL_SUFFIX = ".partial"
_UNIQUE = 12  # letters of a partial file's name that are its own
_SHOWN_OF_NAME = 40  # letters of the whole file's name in that of its partial
# Bytes of a name. The usual file systems have 255 for one part of a path, and results
# are called by it with an ending, as `_00000050_time.value`.
_LONGEST_NAME = 230
# What no other file of that disk would be spared.
_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
_CURES = {
    errno.ENOSPC: "the disk is full: free some space, or write elsewhere",
    errno.EDQUOT: "the disk quota is used up: free some space, or write elsewhere",
    errno.EACCES: "permission denied: make its folder writable, or write elsewhere",
    errno.EPERM: "permission denied: make its folder writable, or write elsewhere",
    errno.EROFS: "the file system is read-only: write elsewhere",
    errno.ENOTDIR: "a part of the path is a file, not a folder: write elsewhere",
    errno.EIO: "the disk fails: write elsewhere",
    errno.EISDIR: "it is a folder: give a file",
    errno.EEXIST: "a part of the path is a file, not a folder: write elsewhere",
    errno.ENAMETOOLONG: "the name is too long: shorten it",
    errno.ELOOP: "its symbolic links lead in a circle: write elsewhere",
}
_MISSING = "is missing: complete the folder, or correct the path"
_UNREADABLE = {
    errno.ENOENT: _MISSING,
    errno.ENOTDIR: _MISSING,
    errno.EISDIR: "is a folder: give a file",
    errno.EACCES: "can't be read: change its permissions",
    errno.EPERM: "can't be read: change its permissions",
    errno.ELOOP: "can't be read, its symbolic links lead in a circle: copy the file",
    errno.ENAMETOOLONG: "can't be read, its name is too long: shorten it",
}


class DiskError(InputError):
    """Nothing more can be written: the disk is full, read-only or failing."""


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Gives the path to write to; `path` becomes that file when the block succeeds.

    The path given has the same suffix, lies in the same folder (made if missing) and
    has a name that no other process uses. After an exception it is removed, and `path`
    is as it was.

    Raises:
      InputError: it can't be written; the message names `path` and the cure.
    """
    check_place(path)
    partial = partial_of(path)
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            with partial.open("rb+") as written:
                os.fsync(written.fileno())
            partial.replace(path)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)


def check_place(path: Path, *, folder: bool = False) -> None:
    """Checks that a result may take a place: renaming is no use beyond files.

    Devices and links to folders would make room for it. `folder` lets one be there.

    Raises:
      InputError: a device or a folder is there, behind a link perhaps.
    """
    with explained(path):
        try:
            mode = path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return
        if stat.S_ISDIR(mode) and not folder:
            raise IsADirectoryError(errno.EISDIR, "")
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise InputError(f"{shown(path)} is a device: write to a file")


def remove_leftovers(paths: Iterable[Path]) -> None:
    """Removes what writers of these files that were killed have left beside them.

    Nobody may be writing them. The files themselves stay.

    Raises:
      InputError: a leftover can't be removed.
    """
    wanted: dict[Path, set[tuple[str, str]]] = {}
    for path in paths:
        wanted.setdefault(path.parent, set()).add(_partial_parts(path))
    for folder, parts in wanted.items():
        with explained(folder):
            for found in folder.glob(f".*{PARTIAL_SUFFIX}*"):
                start, _, end = found.name.rpartition(PARTIAL_SUFFIX)
                if (start[:-_UNIQUE], PARTIAL_SUFFIX + end) in parts:
                    found.unlink(missing_ok=True)


def partial_of(path: Path) -> Path:
    """Returns the name beside a path under which it is made, another at every call."""
    start, end = _partial_parts(path)
    return path.with_name(f"{start}{uuid.uuid4().hex[:_UNIQUE]}{end}")


def _partial_parts(path: Path) -> tuple[str, str]:
    """Returns what comes before and after the unique part of a partial file's name."""
    return f".{path.stem[:_SHOWN_OF_NAME]}.", f"{PARTIAL_SUFFIX}{path.suffix}"


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns an `OSError` of writing into an `InputError` of one line.

    Raises:
      InputError: names the path, what was in the way, and the cure; a `DiskError` where
        it is the disk.
    """
    try:
        yield
    except OSError as error:
        cure = _CURES.get(
            error.errno or 0, f"{error.strerror or error}: write elsewhere"
        )
        kind = DiskError if error.errno in _DISK_ERRORS else InputError
        raise kind(f"{shown(path)} can't be written: {cure}") from error


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file in one step.

    Raises:
      InputError: it can't be written.
    """
    with whole_file(path) as partial:
        partial.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Writes a UTF-8 text file in one step; bytes of names that are none are escaped.

    Raises:
      InputError: it can't be written.
    """
    write_bytes(path, content.encode(errors="backslashreplace"))


def write_json(path: Path, content: Any) -> None:
    """Writes a JSON file in one step; NaN and infinity are refused.

    Raises:
      InputError: it can't be written.
    """
    write_bytes(path, json_bytes(content))


def json_bytes(content: Any) -> bytes:
    """Returns what `write_json` writes; NaN and infinity are refused."""
    return f"{json.dumps(content, indent=2, allow_nan=False)}\n".encode()


def read_bytes(path: Path, what: str = "file") -> bytes:
    """Returns the content of a file.

    Args:
      path: of the file.
      what: what it is, for the message.

    Raises:
      InputError: it is missing, no file, or can't be read; the message names it and the
        cure.
    """
    check_file(path, what)
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, what, error) from error


def check_file(path: Path, what: str = "file") -> None:
    """Checks that there is a file: pipes and devices may never end.

    Raises:
      InputError: as `read_bytes`.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise unreadable(path, what, error) from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError(f"{what} {shown(path)} is no file: put a file there")


def unreadable(path: Path, what: str, error: OSError) -> InputError:
    """Returns the error that says why a file or folder can't be read, and the cure."""
    other = f"can't be read, {error.strerror}: copy it again"
    reason = _UNREADABLE.get(error.errno or 0, other)
    return InputError(f"{what} {shown(path)} {reason}")


def read_text(path: Path, what: str = "file") -> str:
    """Returns the text of a UTF-8 file.

    Raises:
      InputError: as `read_bytes`, or it is no text.
    """
    try:
        return read_bytes(path, what).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{what} {shown(path)} isn't text in UTF-8: copy it again"
        ) from error


def read_json_object(path: Path, cure: str) -> dict[str, Any]:
    """Returns the object that a JSON file holds.

    Args:
      path: of the file.
      cure: what to do about a file that is missing or damaged, for the message.

    Raises:
      InputError: it can't be read, or holds something else.
    """
    try:
        content = json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{shown(path)} can't be read: {cure}") from error
    if not isinstance(content, dict):
        raise InputError(f"{shown(path)} holds no JSON object: {cure}")
    return content


def check_name(name: str, what: str) -> str:
    """Returns the name, if it may serve as one part of a path.

    Names of videos, frames and objects come from data sets that others made. They are
    checked where they are read, so that no path built of them leaves its folder.

    Args:
      name: as the data set has it.
      what: what it names and where it stands, for the message.

    Raises:
      InputError: it is empty, `.` or `..`, begins with a dot, holds a separator or a
        control character, or is longer than 230 bytes.
    """
    reason = ""
    if not name or name.startswith("."):
        reason = "is empty or begins with a dot"
    elif any(c in "/\\" for c in name) or Path(name).name != name:
        reason = "is a path"
    elif not name.isprintable():
        reason = "holds control characters"
    elif len(name.encode(errors="surrogatepass")) > _LONGEST_NAME:
        reason = f"is longer than {_LONGEST_NAME} bytes"
    if reason:
        raise InputError(f"{what} {shown(name)} {reason}: rename it")
    return name


def check_relative(path: str, what: str) -> str:
    """Returns a relative path with `/` between its parts, each a good name.

    Raises:
      InputError: as `check_name`.
    """
    for part in path.split("/"):
        check_name(part, what)
    return path


def shown(text: object) -> str:
    r"""Returns a name or path for a message: escaped where unprintable, cut at 300.

    >>> shown("a\nb")
    'a\\nb'
    """
    line = one_line(text)
    return line if len(line) <= 300 else f"{line[:297]}..."
