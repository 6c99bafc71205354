"""A network without weights that tells objects by color, and clips for it."""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np

from samn_jax import overrides
from samn_jax.dcf import augmentation, spatial_config
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.entry import Key, Value
from samn_jax.models.network import QueryFeatures
from samn_jax.tracking import TrackerConfig, TrackerSpec

CELL = 16
RED, GRAY = (220, 30, 30), (110, 110, 110)
# Short solvers and few samples: enough to see that each part is used.
CONFIG = TrackerConfig(
    crop_size=64,
    filter_crop_size=96,
    memory=MemoryConfig(capacity=4),
    min_area_px=10,
    spatial=spatial_config.SpatialMemoryConfig(
        num_projected=3,
        first_steps=2,
        first_cg_iterations=3,
        capacity=6,
        train_every_frames=3,
        cg_iterations=2,
    ),
    augmentation=augmentation.AugmentationConfig(
        shifts=((0.25, 0.25),), blurs=(), rotations=()
    ),
)


def cell_means(x):
    batch, height, width, channels = x.shape
    cells = (batch, height // CELL, CELL, width // CELL, CELL, channels)
    return x.reshape(cells).mean(axis=(2, 4))


class ColorNet(nn.Module):
    """Key: a cell's color. Value: share and color of the object in it.

    A pixel is the object's if its color is near the one that the readout tells.
    """

    similarity = "l2"

    def encode_query(self, image):
        key = 6.0 * (cell_means(image) - 0.5)
        return QueryFeatures(Key.plain(key), key, (key, image))

    def encode_memory(self, image, query, mask):
        inside = mask[..., None]
        value = cell_means(jnp.concatenate((inside, inside * image), -1))
        return query.key, Value.plain(value)

    def decode(self, readout, query, center_xy):
        total = readout.attention.sum(axis=(1, 2))
        color = total[:, 1:] / jnp.maximum(total[:, :1], 1e-3)
        distance = jnp.abs(query.pyramid[1] - color[:, None, None, :]).max(axis=-1)
        return 30.0 * (0.2 - distance)

    def filter_features(self, image):
        means = cell_means(image) - 0.4
        return jnp.concatenate((means, means**2), -1)


def make_spec(**fields):
    """The network with settings that differ, `memory` as a mapping of fields."""
    return TrackerSpec.of(ColorNet(), overrides.merge(CONFIG, fields))


def draw(boxes, size=(96, 120), color=RED):
    """A gray frame with boxes (x, y, w, h) in one color, and their mask."""
    mask = np.zeros(size, bool)
    for x, y, w, h in boxes:
        mask[y : y + h, x : x + w] = True
    return np.where(mask[..., None], np.uint8(color), np.uint8(GRAY)), mask


def make_clip(starts, size=(96, 120), side=20):
    pairs = [draw([(x, y, side, side)], size) for x, y in starts]
    return np.stack([f for f, _ in pairs]), np.stack([m for _, m in pairs])


def overlap(prob, mask):
    found = np.asarray(prob) > 0.5
    return (found & mask).sum() / max((found | mask).sum(), 1)
