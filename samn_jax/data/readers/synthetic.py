"""Rendered videos with exact masks: textured things that move, turn, hide and leave.

Every pixel follows from the seed, the scene and the frame index, so nothing is stored.
Frames are painted at twice their size and averaged down, which smooths all edges.
"""

import functools
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from samn_jax.data import types
from samn_jax.data.readers import scenes

FRAME_SIZE = (240, 320)
NUM_FRAMES = 40
_SUPERSAMPLING = 2
_TEXTURE_PX = 256
_NOISE_LEVELS = 2.0  # standard deviation of the sensor's noise, of 255

# What `_outline` can reach with all its harmonics at their largest.
_LARGEST_OUTLINE = 1.6

Window = tuple[slice, slice]
Canvas = Float[np.ndarray, "H W 3"]


def read_synthetic(data_dir: Path | None = None, seed: int = 0) -> types.Dataset:
    """The rendered set: one video of one object for every scene.

    Args:
      data_dir: not used; there so that all readers are called alike.
      seed: decides outlines, textures, colors and noise.
    """
    del data_dir
    names = tuple(f"{index:05d}" for index in range(NUM_FRAMES))
    sequences = tuple(
        types.Sequence(
            name=scene,
            frame_names=names,
            read_frame=functools.partial(render_frame, scene, seed),
            read_mask=functools.partial(render_mask, scene, seed),
        )
        for scene in scenes.SCENES
    )
    note = (
        f"rendered, seed {seed}, {len(names)} frames of {FRAME_SIZE[1]}x{FRAME_SIZE[0]}"
    )
    return types.Dataset("synthetic", sequences, note)


def render_frame(scene: str, seed: int, index: int) -> UInt8[np.ndarray, "H W 3"]:
    """RGB image of one frame."""
    return paint_frame(_moment(scene, index), scene, seed, index)


def paint_frame(
    moment: scenes.Moment, scene: str, seed: int, index: int
) -> UInt8[np.ndarray, "H W 3"]:
    """RGB image of a moment.

    Args:
      moment: what is seen.
      scene: a name, which decides the wall behind and the noise.
      seed: decides outlines, textures, colors and noise.
      index: of the frame, which decides its noise.
    """
    canvas = _background(scene, seed, moment.camera_xy)
    for actor in moment.actors:
        window = _window(actor)
        alpha = _alpha(actor, seed, window)[..., None]
        painted = _paint(actor, seed, window)
        canvas[window] = canvas[window] * (1 - alpha) + alpha * painted
    rng = np.random.default_rng([seed, index, *scene.encode()])
    small = _downsample(canvas) * moment.light
    grain = rng.standard_normal(small.shape, np.float32)
    noisy = 255 * small + _NOISE_LEVELS * grain
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


def render_mask(scene: str, seed: int, index: int) -> UInt8[np.ndarray, "H W"]:
    """1 where the target is seen: more than half of the pixel, nothing before it."""
    moment = _moment(scene, index)
    number = 1 + [actor.target for actor in moment.actors].index(True)
    return (paint_actors(moment, seed) == number).astype(np.uint8)


def paint_actors(moment: scenes.Moment, seed: int) -> UInt8[np.ndarray, "H W"]:
    """1, 2, … where the first, second, … actor covers more than half of a pixel.

    Only what is seen counts: an actor hides those before it in the list.
    """
    seen = np.zeros((len(moment.actors), *_canvas_size()), np.float32)
    for number, actor in enumerate(moment.actors):  # From back to front.
        window = _window(actor)
        alpha = _alpha(actor, seed, window)
        for behind in seen[:number]:
            behind[window] *= 1 - alpha
        seen[number][window] = alpha
    ids = np.zeros(FRAME_SIZE, np.uint8)
    for number, visible in enumerate(seen, start=1):
        ids[_downsample(visible) > 0.5] = number
    return ids


def _moment(scene: str, index: int) -> scenes.Moment:
    return scenes.SCENES[scene](int(index) / (NUM_FRAMES - 1))


def _canvas_size() -> tuple[int, int]:
    return FRAME_SIZE[0] * _SUPERSAMPLING, FRAME_SIZE[1] * _SUPERSAMPLING


def _downsample(canvas: np.ndarray) -> np.ndarray:
    return cv2.resize(canvas, FRAME_SIZE[::-1], interpolation=cv2.INTER_AREA)


def _window(actor: scenes.Actor) -> Window:
    """Part of the canvas outside of which the actor has no pixel."""
    reach = actor.radius * (np.hypot(1, actor.box) if actor.box else _LARGEST_OUTLINE)
    height, width = _canvas_size()
    x, y = actor.x * height, actor.y * height  # Places are in units of the height.
    reach = int(np.ceil(reach * height))
    rows = slice(*np.clip([int(y) - reach, int(y) + reach + 1], 0, height))
    return rows, slice(*np.clip([int(x) - reach, int(x) + reach + 1], 0, width))


def _local(actor: scenes.Actor, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Place of the window's pixels in the actor's own axes, its radius as unit."""
    height, width = _canvas_size()
    x: np.ndarray = np.arange(width, dtype=np.float32)[None, window[1]]
    y: np.ndarray = np.arange(height, dtype=np.float32)[window[0], None]
    x = ((x + 0.5) / height - actor.x) / actor.radius
    y = ((y + 0.5) / height - actor.y) / actor.radius
    cos, sin = np.float32(np.cos(actor.angle)), np.float32(np.sin(actor.angle))
    return cos * x + sin * y, cos * y - sin * x


def _alpha(actor: scenes.Actor, seed: int, window: Window) -> Float[np.ndarray, "H W"]:
    """1 inside the actor's outline, 0 outside."""
    u, v = _local(actor, window)
    if actor.box:
        inside = np.maximum(np.abs(u) / np.float32(actor.box), np.abs(v)) < 1
    else:
        inside = np.hypot(u, v) < _outline(np.arctan2(v, u), actor, seed)
    return inside.astype(np.float32)


def _outline(
    direction: Float[np.ndarray, "H W"], actor: scenes.Actor, seed: int
) -> Float[np.ndarray, "H W"]:
    """Radius of the outline in every direction: a circle with a few harmonics."""
    rng = np.random.default_rng([seed, actor.look, 1])
    radius = np.ones_like(direction)
    for order in range(2, 7):
        size = np.float32(rng.uniform(0.1, 0.3) / (order - 0.6))
        phase = np.float32(rng.uniform(0, 2 * np.pi) + actor.wobble * (order - 3.5))
        radius += size * np.cos(order * direction + phase)
    return radius


def _paint(actor: scenes.Actor, seed: int, window: Window) -> Canvas:
    """The actor's texture in the window, darker towards its lower right."""
    u, v = _local(actor, window)
    if not u.size:
        return np.zeros((*u.shape, 3), np.float32)
    scale = np.float32(_TEXTURE_PX / 4)
    texture = _texture(actor.look, seed)
    painted = cv2.remap(
        texture, (u + 2) * scale, (v + 2) * scale, cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )  # fmt: skip
    shade = np.clip(1.05 - 0.14 * (u + v) - 0.1 * (u * u + v * v), 0.5, 1.15)
    return painted * shade[..., None]


@functools.cache
def _texture(look: int, seed: int) -> Canvas:
    """Patches of three colors with stripes and grain."""
    rng = np.random.default_rng([seed, look, 2])
    size = (_TEXTURE_PX, _TEXTURE_PX)
    colors = rng.uniform(0.08, 0.95, (3, 3)).astype(np.float32)
    patches = np.digitize(_noise(rng, size, (4, 8, 16)), [-0.35, 0.4])
    along = np.arange(_TEXTURE_PX, dtype=np.float32) * np.float32(rng.uniform(0.2, 0.5))
    stripes = np.sin(along[None, :] + 2 * _noise(rng, size, (4, 8)))
    grain = 0.12 * stripes + 0.1 * _noise(rng, size, (32, 64))
    return cv2.GaussianBlur(colors[patches] + grain[..., None], (0, 0), 1.0)


def _background(scene: str, seed: int, camera_xy: tuple[float, float]) -> Canvas:
    """The part of the scene's wall that the camera sees."""
    wall = _wall(scene, seed)
    height, width = _canvas_size()
    left = (wall.shape[1] - width) / 2 + camera_xy[0] * height
    top = (wall.shape[0] - height) / 2 + camera_xy[1] * height
    shift = np.array([[1, 0, -left], [0, 1, -top]], np.float32)
    return cv2.warpAffine(wall, shift, (width, height))


@functools.lru_cache(maxsize=2)
def _wall(scene: str, seed: int) -> Canvas:
    """A landscape of blurred patches and things that never move, with a margin."""
    rng = np.random.default_rng([seed, 3, *scene.encode()])
    height, width = (int(1.7 * side) for side in _canvas_size())
    colors = rng.uniform(0.2, 0.75, (4, 3)).astype(np.float32)
    levels = _noise(rng, (height, width), (3, 6, 12))
    wall = colors[np.digitize(levels, [-0.6, 0.0, 0.6])]
    for _ in range(24):
        center = rng.integers(0, (width, height)).tolist()
        axes = rng.integers(8, 60, 2).tolist()
        color = rng.uniform(0.1, 0.9, 3).tolist()
        cv2.ellipse(wall, center, axes, rng.uniform(0, 180), 0, 360, color, -1)
    wall = cv2.GaussianBlur(wall, (0, 0), 2.5)
    return wall + 0.07 * _noise(rng, (height, width), (48, 96, 192))[..., None]


def _noise(
    rng: np.random.Generator, size: tuple[int, int], cells: tuple[int, ...]
) -> Float[np.ndarray, "H W"]:
    """Smooth noise of unit variance, finer parts fainter."""
    total = np.zeros(size, np.float32)
    for rank, count in enumerate(cells):
        grid = rng.standard_normal((count, count)).astype(np.float32)
        smooth = cv2.resize(grid, size[::-1], interpolation=cv2.INTER_CUBIC)
        total += smooth / np.float32(2**rank)
    return total / total.std()
