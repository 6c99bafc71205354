"""Weights from a formula of their torch name, as the golden outputs were made with."""

import functools
import json
import zlib
from pathlib import Path

import cv2
import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np

from samn_jax.convert import rules
from tests.parity import golden


def draw(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    rng = np.random.RandomState((zlib.crc32(name.encode()) + seed) % 2**32)
    if name.endswith("running_mean"):
        array = 0.1 * rng.standard_normal(shape)
    elif name.endswith("running_var"):
        array = rng.uniform(0.5, 1.5, shape)
    elif len(shape) == 4:
        gain = 4.0 if ".Key." in name else 0.7
        array = rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:])) * gain
    elif name.endswith("weight"):
        array = rng.uniform(0.4, 0.9, shape)
    else:
        array = 0.05 * rng.standard_normal(shape)
    return array.astype(np.float32)


def shapes_by_name() -> dict[str, tuple[list[int], str]]:
    """Returns shape and type of every parameter of the authors' network."""
    return json.loads((golden.HERE / "amb_state_dict.json").read_text())


def torch_state(seed: int) -> dict[str, np.ndarray]:
    unused = (".num_batches_tracked", ".mean", ".std")
    return {
        name: draw(name, tuple(shape), seed)
        for name, (shape, _) in shapes_by_name().items()
        if not name.endswith(unused)
    }


@functools.lru_cache(maxsize=1)
def flat_variables(seed: int) -> dict[tuple[str, ...], jax.Array]:
    """Returns our variables by path."""
    flat = {}
    for name, array in torch_state(seed).items():
        (path,) = rules.variable_paths(name, array.ndim, rules.KINDS["samn"])
        flat[path] = jnp.asarray(rules.layout(array))
    return flat


def variables(seed: int) -> dict:
    return flax.traverse_util.unflatten_dict(flat_variables(seed))


def load_frame(
    davis16_dir: Path, sequence: str, frame: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the golden cut of a frame in [0, 1], (1, 384, 384, 3), and its mask."""
    name = f"480p/{sequence}/{frame:05d}"
    bgr = cv2.imread(str(davis16_dir / f"JPEGImages/{name}.jpg"))
    mask = cv2.imread(str(davis16_dir / f"Annotations/{name}.png"), 0)
    cut = (slice(48, 432), slice(200, 584))
    image = bgr[..., ::-1][cut].astype(np.float32) / np.float32(255)
    return image[None], (mask[cut] > 0).astype(np.float32)[None]
