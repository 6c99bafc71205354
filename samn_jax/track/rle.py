"""Run-length encoding of masks as COCO defines it (compressed form)."""

from typing import Any

import numpy as np
from jaxtyping import Bool


def encode(mask: Bool[np.ndarray, "H W"]) -> dict[str, Any]:
    """Returns `{"size": [H, W], "counts": text}`, as pycocotools reads it.

    Runs go down the columns and begin with one of zeros. Each length from the fourth
    on is stored as the difference to that two before, in groups of 5 bits, the lowest
    first, each as a character from 48 on; bit 5 says that another group follows.
    """
    flat = mask.ravel(order="F")
    ends = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    bounds = np.concatenate(([0], ends, [flat.size]))
    lengths = np.diff(bounds).tolist()
    if flat.size and flat[0]:
        lengths.insert(0, 0)
    before = [0, 0, 0, *lengths[1:]]
    text = "".join(_encode_number(n - m) for n, m in zip(lengths, before, strict=False))
    return {"size": list(mask.shape), "counts": text}


def _encode_number(value: int) -> str:
    text = ""
    while True:
        bits, value = value & 0x1F, value >> 5
        # The sign is bit 4 of the last group.
        more = value != (-1 if bits & 0x10 else 0)
        text += chr(48 + bits + 0x20 * more)
        if not more:
            return text
