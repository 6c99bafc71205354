"""Scores of result masks on disk, one process a sequence."""

import concurrent.futures.process
import functools
import multiprocessing
from pathlib import Path

import numpy as np
import tqdm
from jaxtyping import Bool, Float, UInt8

from samn_jax import errors, files
from samn_jax.data import types
from samn_jax.data.formats import images
from samn_jax.evaluation.scores.types import Scores
from samn_jax.metrics import davis

# Of one object: name of the measure → value in 0-1.
ObjectScores = dict[str, float]


def score_masks(
    dataset: types.Dataset, masks_dir: Path, num_workers: int = 1
) -> Scores:
    """Returns the measures of DAVIS, over all objects and over those of each sequence.

    Raises:
      InputError: as `score_dataset`.
    """
    scores = score_dataset(dataset, masks_dir, num_workers)
    return Scores(
        summarize([one for objects in scores.values() for one in objects.values()]),
        {name: summarize(list(objects.values())) for name, objects in scores.items()},
    )


def score_dataset(
    dataset: types.Dataset,
    masks_dir: Path,
    num_workers: int = 1,
    *,
    last_frame: bool = False,
) -> dict[str, dict[int, ObjectScores]]:
    """Returns the scores of every object: sequence → id → scores.

    Objects without true masks beyond their first frame are left out.

    Args:
      dataset: sequences with their true masks.
      masks_dir: results, `<sequence>/<frame>.png` with object ids.
      num_workers: processes to share the sequences; 1 stays in this process.
      last_frame: whether a sequence's last frame counts too; not so in DAVIS.

    Raises:
      InputError: a scored frame has no usable result.
    """
    _check_folders(dataset, masks_dir)
    score = functools.partial(
        score_sequence, masks_dir=masks_dir, last_frame=last_frame
    )
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
        try:
            return dict(zip(names, results, strict=True))
        except concurrent.futures.process.BrokenProcessPool as error:
            raise errors.InputError(
                "a process that scored has died, maybe for want of memory: give fewer "
                "--workers; the results are kept"
            ) from error


def score_sequence(
    sequence: types.Sequence, masks_dir: Path, *, last_frame: bool = False
) -> dict[int, ObjectScores]:
    """Returns the scores of the objects of a sequence by their ids, in their order.

    Raises:
      InputError: as `measure_sequence`.
    """
    measures = measure_sequence(sequence, masks_dir, last_frame=last_frame)
    return {i: _statistics(table) for i, table in measures.items()}


def measure_sequence(
    sequence: types.Sequence, masks_dir: Path, *, last_frame: bool = False
) -> dict[int, Float[np.ndarray, "F 2"]]:
    """Returns J and F of every object in every scored frame, by its id, in order.

    An object counts in all frames after the one that gives it, whether it is seen
    there or not (DAVIS-2017, as its official evaluation does it).

    Raises:
      InputError: the result of a scored frame is missing, has another size than the
        true mask, or ids beyond those of the sequence.
    """
    first_frame = {i: k for k, ids in sequence.starts().items() for i in ids}
    tables: dict[int, list[tuple[float, float]]] = {i: [] for i in sorted(first_frame)}
    for index in davis.scored_frames(sequence.num_frames + last_frame):
        truth = sequence.mask(index)
        present = [i for i in tables if first_frame[i] < index]
        if truth is None or not present:
            continue
        result = _read_result(sequence, index, truth, masks_dir)
        _check_ids(result, sequence, index, max(tables))
        for i in present:
            tables[i].append(_measure(result == i, truth == i))
    return {i: np.array(table) for i, table in tables.items() if table}


def summarize(scores: list[ObjectScores]) -> ObjectScores:
    """Returns the mean of every measure over objects; empty if there are none."""
    if not scores:
        return {}
    return {name: float(np.mean([s[name] for s in scores])) for name in scores[0]}


def _measure(
    mask: Bool[np.ndarray, "H W"], truth: Bool[np.ndarray, "H W"]
) -> tuple[float, float]:
    return davis.region_overlap(mask, truth), davis.boundary_accuracy(mask, truth)


def _statistics(region_and_boundary: Float[np.ndarray, "F 2"]) -> ObjectScores:
    region, boundary = map(davis.statistics, region_and_boundary.T)
    scores = {"J&F": (region.mean + boundary.mean) / 2}
    for letter, statistics in (("J", region), ("F", boundary)):
        for name, value in statistics._asdict().items():
            scores[f"{letter}_{name}"] = value
    return scores


def _read_result(
    sequence: types.Sequence,
    index: int,
    truth: UInt8[np.ndarray, "H W"],
    masks_dir: Path,
) -> UInt8[np.ndarray, "h w"]:
    path = masks_dir / sequence.name / f"{sequence.frame_names[index]}.png"
    mask = images.read_mask(path)
    if mask.shape != truth.shape:
        raise errors.InputError(
            f"result {files.shown(path)} is {types.size_text(mask)}, the true mask "
            f"{types.size_text(truth)}: results must have the size of the frames"
        )
    return mask


def _check_ids(
    result: UInt8[np.ndarray, "H W"],
    sequence: types.Sequence,
    index: int,
    highest: int,
) -> None:
    found = int(result.max())
    if found > highest:
        raise errors.InputError(
            f"result {sequence.name}/{sequence.frame_names[index]}.png has object "
            f"{found}, but the highest id of the sequence is {highest}: results must "
            "keep the ids of the given masks"
        )


def _check_folders(dataset: types.Dataset, masks_dir: Path) -> None:
    for sequence in dataset.sequences:
        if not (masks_dir / sequence.name).is_dir():
            raise errors.InputError(
                f"results folder {files.shown(masks_dir)} has no {sequence.name}/: add "
                "its masks or leave it out with --sequences"
            )
