"""What a folder or a list holds, in order, its names checked where they are read.

Names become parts of paths that results are written to, so none may lead elsewhere.
"""

import os
import re
from pathlib import Path

from samn_jax import files
from samn_jax.errors import InputError

FRAME_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


def natural_key(name: str) -> tuple[tuple[int | str, ...], str]:
    """Returns the key that sorts names as people count: 2 before 10.

    >>> sorted(["b10", "b2", "a30"], key=natural_key)
    ['a30', 'b2', 'b10']
    """
    parts = re.split("([0-9]+)", name)
    return tuple(int(p) if i % 2 else p for i, p in enumerate(parts)), name


def list_frames(folder: Path) -> tuple[Path, ...]:
    """Returns the frame files of a folder as people count: 2 before 10.

    Hidden files don't count; links do, wherever they lead.

    Raises:
      InputError: the folder can't be read, two files are one frame, or a name can't be
        that of a result.
    """
    by_frame: dict[str, Path] = {}
    for path in _entries(folder):
        if path.suffix.lower() not in FRAME_SUFFIXES or os.path.isdir(path):
            continue
        name = files.check_name(path.stem, f"frame in {files.shown(folder)}")
        if name in by_frame:
            raise InputError(
                f"{files.shown(folder)} has both {by_frame[name].name} and "
                f"{path.name} for one frame: remove one of them"
            )
        by_frame[name] = path
    return tuple(by_frame[name] for name in sorted(by_frame, key=natural_key))


def list_folders(folder: Path) -> list[Path]:
    """Returns the folders of a folder that aren't hidden, by name.

    Raises:
      InputError: the folder can't be read, or a name can't be that of a result.
    """
    found = [path for path in _entries(folder) if os.path.isdir(path)]
    for path in found:
        files.check_name(path.name, f"folder in {files.shown(folder)}")
    return found


def read_names(list_file: Path, what: str) -> list[str]:
    """Returns the names of a text file, one a line; empty lines don't count.

    Args:
      list_file: the file.
      what: what they name, for messages.

    Raises:
      InputError: it can't be read or holds none, or a name leads elsewhere or comes
        twice.
    """
    lines = files.read_text(list_file, f"list of {what}s").splitlines()
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise InputError(
            f"{files.shown(list_file)} names no {what}: copy the list again"
        )
    for name in names:
        files.check_name(name, f"{files.shown(list_file)}: {what}")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f"{files.shown(list_file)} names {files.shown(twice)} twice: remove one"
        )
    return names


def _entries(folder: Path) -> list[Path]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise files.unreadable(folder, "folder", error) from error
    return [folder / name for name in names if not name.startswith(".")]
