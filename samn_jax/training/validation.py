"""Measurements on held-out clips: IoU on crops, pictures, and full trackings."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, UInt8

from samn_jax import visualize
from samn_jax.data.clips import pipeline, sampling, sources
from samn_jax.metrics import davis
from samn_jax.models import model_file
from samn_jax.tracking import predictor
from samn_jax.tracking.config import default_config
from samn_jax.tracking.state import TrackerSpec
from samn_jax.training import objects as objects_lib
from samn_jax.training import tracking_scores
from samn_jax.training import unroll as unroll_lib
from samn_jax.training.config import TrainConfig

NUM_BATCHES = 6
PICTURE_ROWS = 4


class Validator:
    """Fixed crops of the held-out videos, and what to do with them."""

    def __init__(
        self,
        config: TrainConfig,
        network: unroll_lib.Network,
        videos: Sequence[sources.Video],
    ) -> None:
        self._config, self._videos = config, videos
        self.batches = held_out_batches(config, videos)
        self._predict = jax.jit(functools.partial(predict, network))

    def measure(self, variables: dict) -> dict[str, float]:
        """Returns the mean IoU on the crops; nothing without held-out videos."""
        if not self.batches:
            return {}
        scores = [
            mean_iou(self._predict(variables, batch), batch) for batch in self.batches
        ]
        return {"held_out_iou": float(np.mean(scores))}

    def picture(
        self, variables: dict, batch: objects_lib.Batch
    ) -> UInt8[np.ndarray, "H W 3"]:
        """Returns frame, truth and prediction side by side for some clips."""
        first = jax.tree.map(lambda x: x[:PICTURE_ROWS], batch)
        ids = np.asarray(self._predict(variables, first))
        last = ids.shape[0]
        rows = []
        for i, found in enumerate(ids[-1]):
            frame, truth = first.frames[i, last], first.masks[i, last]
            start = visualize.overlay_mask(first.frames[i, 0], first.masks[i, 0])
            views = [start, frame, visualize.overlay_mask(frame, truth)]
            views.append(visualize.overlay_mask(frame, found, truth))
            rows.append(np.concatenate(views, axis=1))
        return np.concatenate(rows, axis=0)

    def track(self, variables: dict) -> dict[str, float]:
        """Returns the mean J of tracking each held-out video from its first mask."""
        model, memory = self._config.model, self._config.memory
        spec = TrackerSpec.of(
            model_file.build_network(model), default_config(model, memory=memory)
        )
        tracker = predictor.Tracker(spec, variables)
        found = [tracking_scores.track_video(tracker, v) for v in self._videos]
        scores = [score.region for score in found if score]
        return {"held_out_J": float(np.mean(scores))} if scores else {}


def held_out_batches(
    config: TrainConfig, videos: Sequence[sources.Video]
) -> list[objects_lib.Batch]:
    """Returns fixed batches of the videos' crops, drawn evenly; none without videos."""
    if not videos:
        return []
    plain = dataclasses.replace(
        config.sampling,
        video_share=1.0,
        video_shares=(),  # they name sources of the training clips
        distractor_share=0.0,
        occluder_share=0.0,
        coarse_share=0.0,
        gap_growth=0,
    )
    clips = sampling.Clips((), videos, plain)
    draws = pipeline.batches(clips, batch_size=config.batch_size, seed=1)
    return [split_batch(next(draws))[0] for _ in range(NUM_BATCHES)]


def split_batch(
    arrays: dict[str, np.ndarray],
) -> tuple[objects_lib.Batch, dict[str, np.ndarray]]:
    """Returns what the step takes of a batch of samples, and the rest."""
    fields = objects_lib.Batch._fields
    taken: dict[str, Any] = {name: x for name, x in arrays.items() if name in fields}
    rest = {name: x for name, x in arrays.items() if name not in fields}
    return objects_lib.Batch(**taken), rest


def predict(
    network: unroll_lib.Network, variables: dict, batch: objects_lib.Batch
) -> UInt8[Array, "P B H W"]:
    """Returns the object ids of the predicted frames; nothing is changed at random."""
    plain = batch._replace(seeds=None)
    logits = unroll_lib.unroll(network, variables, plain)
    return jnp.argmax(logits, axis=2).astype(jnp.uint8)


def mean_iou(ids: UInt8[Array, "P B H W"], batch: objects_lib.Batch) -> float:
    """Returns the mean over frames and over each clip's objects; 1 for empty masks."""
    found = np.asarray(ids)
    truth = np.swapaxes(batch.masks, 0, 1)[1 : len(found) + 1]
    scores = []
    for clip in range(found.shape[1]):
        objects = np.unique(batch.masks[clip, 0])
        for i in objects[objects > 0]:
            pairs = zip(found[:, clip] == i, truth[:, clip] == i, strict=True)
            scores += [davis.region_overlap(*pair) for pair in pairs]
    return float(np.mean(scores)) if scores else 0.0
