"""Scores of result masks on disk, one process a sequence."""

import concurrent.futures
import functools
import multiprocessing
from pathlib import Path

import numpy as np
import tqdm
from jaxtyping import Bool, Float, UInt8

from samn_jax import errors
from samn_jax.data import images, types
from samn_jax.metrics import davis

# Scores of one object: name of the measure → value in 0-1.
Scores = dict[str, float]


def score_dataset(
    dataset: types.Dataset, masks_dir: Path, num_workers: int = 1
) -> dict[str, list[Scores]]:
    """Scores of every object of every sequence, by the name of the sequence.

    Sequences without true masks beyond their first frame have an empty list.

    Args:
      dataset: sequences with their true masks.
      masks_dir: results, `<sequence>/<frame>.png` with object ids.
      num_workers: processes to share the sequences; 1 stays in this process.

    Raises:
      InputError: if a scored frame has no usable result.
    """
    _check_folders(dataset, masks_dir)
    score = functools.partial(score_sequence, masks_dir=masks_dir)
    names = [sequence.name for sequence in dataset.sequences]
    progress = functools.partial(
        tqdm.tqdm, total=len(names), desc="score", disable=None
    )
    num_workers = min(num_workers, len(names))
    if num_workers <= 1:
        return dict(zip(names, progress(map(score, dataset.sequences)), strict=True))
    # A forked child would inherit the threads of XLA, which may hold locks.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(num_workers, context) as pool:
        results = progress(pool.map(score, dataset.sequences))
        return dict(zip(names, results, strict=True))


def score_sequence(sequence: types.Sequence, masks_dir: Path) -> list[Scores]:
    """Scores of every object in one sequence, in the order of their ids."""
    ids = np.unique(sequence.first_mask())
    frames = []
    for index in davis.scored_frames(sequence.num_frames):
        truth = sequence.mask(index)
        if truth is not None:
            result = _read_result(sequence, index, truth.shape, masks_dir)
            frames.append([_measure(result == i, truth == i) for i in ids[ids > 0]])
    if not frames:
        return []
    # (frames, objects, measures) → one (frames, measures) table an object.
    return [_statistics(table) for table in np.array(frames).swapaxes(0, 1)]


def summarize(scores: list[Scores]) -> Scores:
    """Mean of every measure over objects; empty if there are none."""
    if not scores:
        return {}
    return {name: float(np.mean([s[name] for s in scores])) for name in scores[0]}


def _measure(
    mask: Bool[np.ndarray, "H W"], truth: Bool[np.ndarray, "H W"]
) -> tuple[float, float]:
    return davis.region_overlap(mask, truth), davis.boundary_accuracy(mask, truth)


def _statistics(region_and_boundary: Float[np.ndarray, "F 2"]) -> Scores:
    region, boundary = map(davis.statistics, region_and_boundary.T)
    scores = {"J&F": (region.mean + boundary.mean) / 2}
    for letter, statistics in (("J", region), ("F", boundary)):
        for name, value in statistics._asdict().items():
            scores[f"{letter}_{name}"] = value
    return scores


def _read_result(
    sequence: types.Sequence, index: int, shape: tuple[int, int], masks_dir: Path
) -> UInt8[np.ndarray, "H W"]:
    path = masks_dir / sequence.name / f"{sequence.frame_names[index]}.png"
    mask = images.read_mask(path)
    if mask.shape != shape:
        raise errors.InputError(
            f"result {path} is {mask.shape[1]}x{mask.shape[0]} but the true mask is "
            f"{shape[1]}x{shape[0]}: results must have the size of the frames"
        )
    return mask


def _check_folders(dataset: types.Dataset, masks_dir: Path) -> None:
    for sequence in dataset.sequences:
        if not (masks_dir / sequence.name).is_dir():
            raise errors.InputError(
                f"results folder {masks_dir} has no {sequence.name}/: add its masks or "
                "leave it out with --sequences"
            )
