"""YouTube-VOS: J and F of seen and unseen categories, and the archive to hand in."""

import dataclasses
import os
import zipfile
from pathlib import Path

import numpy as np

from samn_jax import errors
from samn_jax.data import types
from samn_jax.data.formats import palette
from samn_jax.data.readers import youtube_vos as reader
from samn_jax.evaluation.scores import masks as scoring
from samn_jax.evaluation.scores import types as benchmark_scores

# A fixed date of files in an archive, so that equal results give an equal archive.
_ARCHIVE_DATE = (1980, 1, 1, 0, 0, 0)
_SPLITS = ("seen", "unseen")


def score(
    dataset: types.Dataset, data_dir: Path, masks_dir: Path, num_workers: int = 1
) -> benchmark_scores.BenchmarkScores:
    """J and F where true masks are known, apart for seen and unseen categories.

    An object's J and F are means over all its annotated frames after the one that
    gives it; a split's are means over its objects, and "G" is the mean of the four. A
    category is seen if the training set, to lie in `../train`, has it. Without that,
    or without `meta.json`, there is no split. Videos of which only the masks that give
    the objects are known, as in the public `valid`, have no scores.

    Args:
      dataset: what `read_youtube_vos` has read.
      data_dir: its folder.
      masks_dir: results, `<video>/<frame>.png`.
      num_workers: processes for scoring.

    Raises:
      InputError: if a scored frame has no usable result, or `meta.json` is damaged.
    """
    known = tuple(filter(_is_annotated, dataset.sequences))
    scores = {sequence.name: {} for sequence in dataset.sequences}
    if known:
        known = dataclasses.replace(dataset, sequences=known)
        scores |= scoring.score_dataset(known, masks_dir, num_workers, last_frame=True)
    every = [one for objects in scores.values() for one in objects.values()]
    metrics = _means(every)
    seen = reader.seen_categories(data_dir)
    if every and seen is not None and (data_dir / "meta.json").is_file():
        categories = reader.read_categories(data_dir)
        metrics |= split_means(scores, categories, seen)
    sequences = {name: _means(list(one.values())) for name, one in scores.items()}
    return benchmark_scores.BenchmarkScores(metrics, sequences)


def split_means(
    scores: dict[str, dict[int, scoring.Scores]],
    categories: reader.Categories,
    seen: frozenset[str],
) -> dict[str, float]:
    """J and F of each split that has objects, and "G" if both have.

    Raises:
      InputError: if an object has no category.
    """
    splits: dict[str, list[scoring.Scores]] = {name: [] for name in _SPLITS}
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


def write_submission(dataset: types.Dataset, masks_dir: Path, archive: Path) -> Path:
    """The zip archive `Annotations/<video>/<frame>.png` that the server takes.

    Raises:
      InputError: if a frame has no result, or one that the server would not take.
    """
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as packed:
        for sequence in dataset.sequences:
            for frame in sequence.frame_names:
                path = masks_dir / sequence.name / f"{frame}.png"
                if not path.is_file():
                    raise errors.InputError(f"{path} is missing: track it first")
                name = f"Annotations/{sequence.name}/{frame}.png"
                packed.writestr(zipfile.ZipInfo(name, _ARCHIVE_DATE), path.read_bytes())
    check_submission(dataset, partial)
    os.replace(partial, archive)
    return archive


def check_submission(dataset: types.Dataset, archive: Path) -> None:
    """Makes sure that the archive has one right mask for every frame, and no more.

    A mask is right if it is an indexed PNG of the frame's size and shows only objects
    that have been given up to there.

    Raises:
      InputError: if not, naming the first such file.
    """
    try:
        packed = zipfile.ZipFile(archive)
    except (OSError, zipfile.BadZipFile) as error:
        raise errors.InputError(f"{archive} is not a zip archive: {error}") from error
    with packed:
        _check_names(dataset, archive, packed.namelist())
        for sequence in dataset.sequences:
            size, starts = sequence.frame(0).shape[:2], sequence.starts()
            known: set[int] = {0}
            for index, frame in enumerate(sequence.frame_names):
                known.update(starts.get(index, ()))
                name = f"Annotations/{sequence.name}/{frame}.png"
                problem = _problem(packed.read(name), size, known)
                if problem:
                    raise errors.InputError(f"{name} in {archive} {problem}")


def _is_annotated(sequence: types.Sequence) -> bool:
    """Whether there are masks beyond those that give the objects, as for `train`."""
    starts = sequence.starts()
    others = (i for i in range(sequence.num_frames) if i not in starts)
    return any(sequence.mask(index) is not None for index in others)


def _check_names(dataset: types.Dataset, archive: Path, names: list[str]) -> None:
    wanted = {
        f"Annotations/{sequence.name}/{frame}.png"
        for sequence in dataset.sequences
        for frame in sequence.frame_names
    }
    found = {name for name in names if not name.endswith("/")}
    if missing := sorted(wanted - found):
        raise errors.InputError(
            f"{archive} lacks {missing[0]} (and {len(missing) - 1} more): track all "
            "videos"
        )
    if extra := sorted(found - wanted):
        raise errors.InputError(
            f"{archive} has {extra[0]}, which is no frame of the data set: leave it out"
        )


def _problem(png: bytes, size: tuple[int, int], known: set[int]) -> str | None:
    """What is wrong with a mask, None if nothing is."""
    try:
        chunks = palette.split_chunks(png)
        if not palette.is_indexed(chunks):
            return "isn't an indexed PNG: write masks with a palette"
        ids = palette.decode_indices(chunks)
    except ValueError as error:
        return f"can't be used, {error}: write it again"
    if ids.shape != size:
        return (
            f"is {ids.shape[1]}x{ids.shape[0]}, its frame {size[1]}x{size[0]}: write "
            "masks of the frames' size"
        )
    strange = sorted(set(np.unique(ids).tolist()) - known)
    if strange:
        return f"shows object {strange[0]}, which isn't given up to there"
    return None


def _means(scores: list[scoring.Scores]) -> dict[str, float]:
    names = ("J&F", "J_mean", "F_mean")
    if not scores:
        return {}
    return {name: float(np.mean([one[name] for one in scores])) for name in names}
