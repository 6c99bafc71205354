"""Memory that a frame has used is kept for the next, and not given back in between.

XLA's client for CPUs asks for its working memory anew in each call. The GNU C library
gives large blocks back to the system at once, which hands out cleared pages again, one
fault at a time: 23 MB a frame of `lite`, an eighth of its time.
"""

import ctypes
import os
import sys

KEPT_BYTES = 2**29  # larger blocks, and what is free beyond it, go back to the system
_OPTIONS = {-3: "MALLOC_MMAP_THRESHOLD_", -1: "MALLOC_TRIM_THRESHOLD_"}
_TUNABLES = "GLIBC_TUNABLES"


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
