"""What a fuzz test needs to know of one kind of file."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st


class Kind(NamedTuple):
    """One kind of file that others make.

    Attributes:
      read: `module:function` that reads such a file, and may raise InputError alone.
      name: of the file.
      write: writes a good one, there.
      damaged: damaged copies of its bytes.
      memory: bytes that reading a file of so many bytes may take.
    """

    read: str
    name: str
    write: Callable[[Path], object]
    damaged: Callable[[bytes], st.SearchStrategy[bytes]]
    memory: Callable[[int], int]
