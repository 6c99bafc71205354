"""A double of a disk that fills up, for where none can be mounted."""

import errno
import pathlib


class _Full:
    """A file, just opened, for which there is no room."""

    def __init__(self, file):
        self._file = file

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self._file.close()

    def write(self, content):
        raise OSError(errno.ENOSPC, "No space left on device")


def fill(patch, folder, at):
    """Lets nothing more be written below `folder` once `at` is true of a path there.

    `at` is called with the path of every file that is written, until it is true.
    """
    opened, is_full, depth = pathlib.Path.open, [], []

    def has_room(path):
        if folder in path.parents and not is_full and at(path):
            is_full.append(True)
        return folder not in path.parents or not is_full

    def open_(path, mode="r", *arguments, **keywords):
        is_written = set(mode) & set("wxa") and not depth
        room = not is_written or has_room(path)
        file = opened(path, mode, *arguments, **keywords)
        return file if room else _Full(file)

    def limited(write):
        def call(path, *arguments, **keywords):
            if not has_room(path):
                raise OSError(errno.ENOSPC, "No space left on device")
            depth.append(True)
            try:
                return write(path, *arguments, **keywords)
            finally:
                depth.pop()

        return call

    for name in ("write_bytes", "write_text"):
        patch.setattr(pathlib.Path, name, limited(getattr(pathlib.Path, name)))
    patch.setattr(pathlib.Path, "open", open_)
