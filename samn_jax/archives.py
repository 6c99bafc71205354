"""Zip archives whose bytes depend on the packed files alone."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

from samn_jax import files

_DATE = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever it is packed


def write_archive(path: Path, entries: Iterable[tuple[str, Path]]) -> None:
    """Packs files into a zip archive whose bytes depend on them alone.

    Args:
      path: of the archive, written in one step.
      entries: name inside the archive, as `files.check_relative` has it, and path of
        each file.

    Raises:
      InputError: it can't be written, or a name would leave the folder it is unpacked
        in.
    """
    with (
        files.whole_file(path) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name, source in entries:
            files.check_relative(name, f"entry of {path.name}")
            entry = zipfile.ZipInfo(name, _DATE)
            packed.writestr(entry, source.read_bytes(), zipfile.ZIP_DEFLATED)
