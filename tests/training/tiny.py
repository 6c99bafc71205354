"""A network of a few weights, and clips of a few blobs: steps that cost nothing."""

import dataclasses
import functools
from pathlib import Path

import cv2
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.data.clips import pipeline, sampling
from samn_jax.data.clips.config import SamplingConfig
from samn_jax.data.clips.sources import Frame, Video
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.entry import Key, Value
from samn_jax.models import model_file
from samn_jax.models.lite import LiteConfig
from samn_jax.models.network import QueryFeatures
from samn_jax.training import config as config_lib
from samn_jax.training import optimizer, step, unroll, validation
from samn_jax.training import state as state_lib

SIZE = 32
STRIDE = 16


class TinyNet(nn.Module):
    """Keys from mean colors, values from mean masks, and a mask of both."""

    similarity = "l2"

    def setup(self):
        self.key_head = nn.Dense(3)
        self.value_head = nn.Dense(2)
        self.mask_head = nn.Dense(1)
        self.statistics = self.variable("batch_stats", "shift", jnp.zeros, (3,))

    def encode_query(self, image):
        image = image - self.statistics.value[None, None, None, :]
        cells = cells_of(image)
        key = Key.plain(self.key_head(cells))
        return QueryFeatures(key, cells, (cells, image))

    def encode_memory(self, image, query, mask):
        return query.key, Value.plain(self.value_head(cells_of(mask[..., None])))

    def decode(self, readout, query, center_xy):
        _, image = query.pyramid
        read = readout.attention
        big = jnp.repeat(jnp.repeat(read, STRIDE, axis=1), STRIDE, axis=2)
        return self.mask_head(jnp.concatenate([big, image], axis=-1))[..., 0]

    def __call__(self, image, mask):
        query = self.encode_query(image)
        _, value = self.encode_memory(image, query, mask)
        return self.decode(value, query, jnp.zeros((image.shape[0], 2)))


@dataclasses.dataclass(frozen=True)
class TinyConfig(LiteConfig):
    network: str = "tiny"
    regression_dim: int = 0


def register() -> None:
    """Makes `TinyConfig` known to model files, and so to the loop."""
    model_file._NETWORKS["tiny"] = (TinyConfig, lambda config: TinyNet())


@pytest.fixture(scope="module", autouse=True)
def known_network():
    """A fixture of the modules that name it: `register`, for as long as they run."""
    register()
    yield
    del model_file._NETWORKS["tiny"]


def config(**settings) -> config_lib.TrainConfig:
    """Returns a run of a few milliseconds a step."""
    return config_lib.TrainConfig(
        model=TinyConfig(),
        sampling=SamplingConfig(num_frames=2, crop_size=SIZE),
        optimizer=optimizer.OptimizerConfig(learning_rate=0.03, warmup_steps=2),
        **{
            "batch_size": 4,
            "num_steps": 6,
            "log_every": 2,
            "save_every": 2,
            **settings,
        },
    )


def state_of(settings: config_lib.TrainConfig) -> state_lib.TrainState:
    """Returns a state of the shapes that a run of this config has."""
    made = optimizer.build_optimizer(settings.optimizer, settings.num_steps)
    return state_lib.init_state(variables(), settings.frozen, made)


def write_clips(folder: Path, count: int = 2, length: int = 6) -> Path:
    """Writes the blobs as a folder of clips; returns it."""
    for video in videos(count, length):
        for kind in ("JPEGImages", "Annotations"):
            (folder / kind / video.name).mkdir(parents=True)
        for index, frame in enumerate(video.frames):
            image, ids = frame.load()
            name = f"{video.name}/{index:05d}"
            cv2.imwrite(str(folder / f"JPEGImages/{name}.jpg"), image[..., ::-1])
            cv2.imwrite(str(folder / f"Annotations/{name}.png"), ids)
    return folder


def cells_of(x):
    batch, height, width, channels = x.shape
    parts = (batch, height // STRIDE, STRIDE, width // STRIDE, STRIDE, channels)
    return x.reshape(parts).mean(axis=(2, 4))


def variables(seed: int = 0) -> dict:
    image, mask = jnp.zeros((1, SIZE, SIZE, 3)), jnp.zeros((1, SIZE, SIZE))
    return TinyNet().init(jax.random.key(seed), image, mask)


def objective(num_objects: int = 1, accumulate: int = 1, **settings) -> step.Objective:
    network = unroll.Network(
        TinyNet(),
        MemoryConfig(),
        unroll.UnrollConfig(**settings),
        num_objects,
    )
    loss = step.LossConfig(hard_steps=0, threshold_stride=1)
    return step.Objective(network, loss, accumulate=accumulate)


def sgd():
    """Returns an optimizer that doesn't turn rounding of a zero gradient into steps."""
    return optimizer_of(name="sgd", learning_rate=0.1)


def optimizer_of(**settings):
    settings = {"learning_rate": 0.2, "warmup_steps": 0, **settings}
    return optimizer.build_optimizer(optimizer.OptimizerConfig(**settings), 100)


def state(frozen=(), **settings) -> state_lib.TrainState:
    return state_lib.init_state(variables(), frozen, optimizer_of(**settings))


def blob(seed: int, index: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns a noisy frame with two bright discs that move, and their ids."""
    rng = np.random.default_rng([seed, index])
    y, x = np.mgrid[:48, :64]
    frame = rng.integers(0, 90, (48, 64, 3)).astype(np.uint8)
    ids = np.zeros((48, 64), np.uint8)
    for i, (left, top) in enumerate(((16 + 2 * index, 20), (46 - index, 26))):
        disc = np.hypot(x - left, y - top) < 9 + seed
        frame[disc] = (220, 180 - 120 * i, 30 + 60 * seed)
        ids[disc] = i + 1
    return frame, ids


def videos(count: int = 2, length: int = 6) -> tuple[Video, ...]:
    return tuple(
        Video(
            f"clip{seed}",
            tuple(
                Frame(f"clip{seed}/{i}", functools.partial(blob, seed, i))
                for i in range(length)
            ),
        )
        for seed in range(count)
    )


def clips(**settings) -> sampling.Clips:
    config = SamplingConfig(crop_size=SIZE, max_gap=2, **settings)
    return sampling.Clips((), videos(), config)


def batches(batch_size: int = 4, seed: int = 0, **loader):
    drawn = clips(num_frames=2)
    given = pipeline.Loader(**loader)
    return pipeline.batches(drawn, batch_size=batch_size, seed=seed, loader=given)


def batch(**settings) -> unroll.Batch:
    settings = {"num_frames": 3, **settings}
    draws = pipeline.batches(clips(**settings), batch_size=4, seed=0)
    return validation.split_batch(next(draws))[0]
