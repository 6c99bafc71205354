"""Tracks with what `python -m samn_jax.export` wrote; needs jax and numpy alone.

python run_exported.py FOLDER frames.npy mask.npy masks.npy

frames.npy: uint8 (F, H, W, 3), RGB, of the size exported for. mask.npy: (H, W), 1 where
the object is in the first frame. masks.npy: its probabilities, float32 (F, H, W).
"""

import sys
from pathlib import Path

import jax
import jax.export
import numpy as np


def load(path, **kwargs):
    """Returns a program that compiles for this machine when it is called first."""
    program = jax.export.deserialize(bytearray(path.read_bytes()))
    return jax.jit(program.call, **kwargs)


def main(folder, frames, mask, masks):
    """Writes the masks of a folder's tracker."""
    folder = Path(folder)
    init, step = load(folder / "init.jax"), load(folder / "step.jax", donate_argnums=1)
    weights = jax.device_put(dict(np.load(folder / "weights.npz")))
    frames = np.load(frames, mmap_mode="r")
    state, answer = init(weights, frames[0], np.load(mask).astype(np.float32))
    found = [answer["mask"]]
    for frame in frames[1:]:
        state, answer = step(weights, state, frame)
        found.append(answer["mask"])  # beside box_xywh, polygon, confidence, ...
    np.save(masks, np.stack(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
