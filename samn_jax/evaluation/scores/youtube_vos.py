"""YouTube-VOS: J and F of seen and unseen categories."""

import dataclasses
from pathlib import Path

import numpy as np

from samn_jax import errors
from samn_jax.data import types
from samn_jax.data.readers import youtube_vos as reader
from samn_jax.evaluation.scores import masks
from samn_jax.evaluation.scores.types import Scores

_SPLITS = ("seen", "unseen")


def score_youtube_vos(
    dataset: reader.YouTubeVos, masks_dir: Path, num_workers: int = 1
) -> Scores:
    """Returns J and F where true masks are known, apart for seen and unseen categories.

    An object's J and F are means over all its annotated frames after the one that
    gives it; a split's are means over its objects, and "G" is the mean of the four. A
    category is seen if the training set has it. Where the data set doesn't say there
    is no split. Videos of which only the masks that give the objects are known, as in
    the public `valid`, have no scores.

    Args:
      dataset: what `read_youtube_vos` has read.
      masks_dir: results, `<video>/<frame>.png`.
      num_workers: processes for scoring.

    Raises:
      InputError: a scored frame has no usable result, or an object no category.
    """
    known = tuple(filter(_is_annotated, dataset.sequences))
    scores: dict[str, dict[int, masks.ObjectScores]] = {
        sequence.name: {} for sequence in dataset.sequences
    }
    if known:
        part = dataclasses.replace(dataset, sequences=known)
        scores |= masks.score_dataset(part, masks_dir, num_workers, last_frame=True)
    every = [one for objects in scores.values() for one in objects.values()]
    metrics = _means(every)
    if every and dataset.seen is not None and dataset.categories is not None:
        metrics |= split_means(scores, dataset.categories, dataset.seen)
    sequences = {name: _means(list(one.values())) for name, one in scores.items()}
    return Scores(metrics, sequences)


def split_means(
    scores: dict[str, dict[int, masks.ObjectScores]],
    categories: reader.Categories,
    seen: frozenset[str],
) -> dict[str, float]:
    """Returns J and F of each split that has objects, and "G" if both have.

    Raises:
      InputError: an object has no category.
    """
    splits: dict[str, list[masks.ObjectScores]] = {name: [] for name in _SPLITS}
    for video, objects in scores.items():
        for i, one in objects.items():
            category = categories.get(video, {}).get(i)
            if category is None:
                raise errors.InputError(
                    f"meta.json has no category of object {i} of video {video}: "
                    "copy it again"
                )
            splits["seen" if category in seen else "unseen"].append(one)
    means = {
        f"{letter}_{name}": float(np.mean([one[f"{letter}_mean"] for one in ones]))
        for name, ones in splits.items()
        for letter in ("J", "F")
        if ones
    }
    if len(means) == 4:
        means["G"] = float(np.mean(list(means.values())))
    return means


def _is_annotated(sequence: types.Sequence) -> bool:
    """Whether there are masks beyond those that give the objects, as for `train`."""
    starts = sequence.starts()
    others = (i for i in range(sequence.num_frames) if i not in starts)
    return any(sequence.mask(index) is not None for index in others)


def _means(scores: list[masks.ObjectScores]) -> dict[str, float]:
    names = ("J&F", "J_mean", "F_mean")
    if not scores:
        return {}
    return {name: float(np.mean([one[name] for one in scores])) for name in names}
