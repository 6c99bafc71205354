"""What a process keeps: a frame's memory for the next, programs while there is room.

XLA's client for CPUs asks for its working memory anew in each call. The GNU C library
gives large blocks back to the system at once, which hands out cleared pages again, one
fault at a time: 23 MB a frame of `lite`, an eighth of its time.
"""

import ctypes
import gc
import os
import sys
from pathlib import Path

KEPT_BYTES = 2**29  # larger blocks, and what is free beyond it, go back to the system
_OPTIONS = {-3: "MALLOC_MMAP_THRESHOLD_", -1: "MALLOC_TRIM_THRESHOLD_"}
_TUNABLES = "GLIBC_TUNABLES"
_MAPS = Path("/proc/self/maps")
_LIMIT = Path("/proc/sys/vm/max_map_count")
_SHARE_OF_MAPS = 0.6  # a large program takes a few thousand


def keep_pages() -> bool:
    """Makes the C library keep freed memory, up to `KEPT_BYTES`, for this process.

    `Tracker` calls it; in a program that calls `track_step` itself, call it before the
    first frame. Where the environment sets how memory is kept, as by
    `MALLOC_TRIM_THRESHOLD_`, and without the GNU C library, nothing is changed.

    Returns:
      Whether it is so now.
    """
    if any(name in os.environ for name in (*_OPTIONS.values(), _TUNABLES)):
        return False
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all([mallopt(option, KEPT_BYTES) == 1 for option in _OPTIONS])


def make_room() -> bool:
    """Drops compiled programs, where Linux would soon refuse the process more maps.

    Each program takes some of the 65,530 maps (`vm.max_map_count`) of a process, and a
    compilation beyond that ends it. A run over many frame sizes or designs calls this
    between videos.

    Returns:
      Whether they were dropped, and have to be compiled or loaded anew.
    """
    if "jax" not in sys.modules or not (_MAPS.exists() and _LIMIT.exists()):
        return False
    if _MAPS.read_bytes().count(b"\n") < _SHARE_OF_MAPS * int(_LIMIT.read_text()):
        return False
    sys.modules["jax"].clear_caches()
    gc.collect()
    return True
