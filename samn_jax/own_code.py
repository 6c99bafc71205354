"""Python files of one's own: run as they are, the folder of work kept.

They are configs, recipes, suites and memory designs. Each is code to be trusted, but
paths that were given to a command must mean the same after it was run.
"""

import contextlib
import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path


def run(path: Path, source: bytes, name: str) -> types.ModuleType:
    """Returns the module of a file's text; it leaves no compiled copy beside it.

    Whatever the file raises comes through, `SystemExit` too; the module is forgotten
    then.

    Args:
      path: of the file, for its own use and for tracebacks.
      source: its text.
      name: of the module, by which dataclasses find it.
    """
    module = types.ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    try:
        with same_folder():
            exec(compile(source, str(path), "exec"), vars(module))
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


@contextlib.contextmanager
def same_folder() -> Iterator[None]:
    """Makes the folder of work the same after a block, for relative paths after it."""
    try:
        before = os.getcwd()
    except OSError:  # It was removed.
        yield
        return
    try:
        yield
    finally:
        os.chdir(before)
