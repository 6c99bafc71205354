"""Where results go: checked before anything is written, kept whole or not at all.

A result grows under a partial name beside its place and is moved there when finished.
What a failing run leaves is kept as well, but never takes the place of anything.
"""

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from samn_jax import files, places
from samn_jax.errors import InputError

_OWN_SUFFIXES = (".jpg", ".png")  # of the pictures that are written into folders


class Destination:
    """A file or folder that is being made."""

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        """Checks the place.

        Args:
          path: of the result. An existing file is replaced once the result is whole.
          overwrite: whether a folder of pictures of an earlier run may be replaced.

        Raises:
          InputError: it is a folder that holds something else, or no file.
        """
        files.check_place(path, folder=True)
        self.path, self._overwrite = path, overwrite
        self.partial = files.partial_of(path)
        if path.is_dir():
            _check_replaceable(path, overwrite)
        with files.explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)

    def keep(self, *, whole: bool) -> Path:
        """Moves what was made to its place; returns the place.

        Args:
          whole: whether the run that made it succeeded. What a failing run has made
            goes to another name if the place is taken; so does a folder, if another
            command has filled the place meanwhile.

        Raises:
          InputError: it can't be moved; it is removed then.
        """
        place = self.path
        is_taken = place.exists() and not _is_empty_folder(place)
        if is_taken and not whole:
            place = _free_name(place, "incomplete")
        elif is_taken and place.is_dir() and not self._overwrite:
            place = _free_name(place, "other")
        try:
            with files.explained(place):
                self._move(place)
        finally:
            self.discard()
        return place

    def discard(self) -> None:
        """Removes what was made and not kept."""
        if self.partial.is_dir():
            shutil.rmtree(self.partial, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.partial.unlink(missing_ok=True)

    def _move(self, place: Path) -> None:
        if not self.partial.is_dir():
            with self.partial.open("rb+") as written:
                os.fsync(written.fileno())
            self.partial.replace(place)
            return
        old = None
        if place.is_dir() and not _is_empty_folder(place):
            old = self.partial.with_name(f"{self.partial.name}.old")
            place.rename(old)
        self.partial.rename(place)
        if old is not None:
            shutil.rmtree(old)


def check_apart(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Makes sure that no output is an input, or another output.

    Raises:
      InputError: two are the same file or folder, by whatever name, or an output is a
        folder around another or around an input.
    """
    inputs = list(inputs)
    seen: list[Path] = []
    for output in outputs:
        places.check_other(output, inputs)
        for source in inputs:
            if _holds(output, source):
                raise InputError(
                    f"the input {files.shown(source)} lies in {files.shown(output)}, "
                    "which is to be written: choose another output"
                )
        for path in seen:
            if _is_same(output, path):
                raise InputError(
                    f"{files.shown(output)} is asked for twice: choose another output"
                )
            if _holds(output, path) or _holds(path, output):
                raise InputError(
                    f"of {files.shown(path)} and {files.shown(output)} one lies in the "
                    "other: choose another output"
                )
        seen.append(output)


def _is_same(one: Path, other: Path) -> bool:
    with contextlib.suppress(OSError, RuntimeError):  # Missing, or links in a circle.
        if one.exists() and other.exists():
            return one.samefile(other)
        return one.resolve() == other.resolve()
    return one == other


def _holds(folder: Path, path: Path) -> bool:
    """Returns whether a path lies below a folder, links followed."""
    with contextlib.suppress(OSError, RuntimeError):  # Links in a circle.
        return folder.resolve() in path.resolve().parents
    return False


def _check_replaceable(folder: Path, overwrite: bool) -> None:
    with files.explained(folder):
        entries = [p for p in folder.rglob("*") if not p.is_dir()]
    if not entries:
        return
    if not overwrite:
        raise InputError(
            f"{files.shown(folder)} isn't empty: choose another folder, or give "
            "--overwrite"
        )
    for entry in entries:
        if entry.suffix not in _OWN_SUFFIXES:
            raise InputError(
                f"{files.shown(entry)} isn't a picture of an earlier run: choose "
                "another folder, or move it away"
            )


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _free_name(place: Path, word: str) -> Path:
    names = (
        place.with_name(f"{place.stem}.{word}{number}{place.suffix}")
        for number in itertools.chain([""], itertools.count(2))
    )
    return next(name for name in names if not name.exists())
