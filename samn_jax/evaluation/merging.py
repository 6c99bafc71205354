"""The folders of several shards of a run made one, as if nothing had been split."""

import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from samn_jax import errors
from samn_jax.data import types
from samn_jax.evaluation import run_folder


def merge_runs(
    sources: Sequence[Path],
    output_dir: Path,
    dataset: types.Dataset,
    has_masks: bool = True,
) -> tuple[run_folder.RunFolder, dict[str, Any]]:
    """The merged folder with all results, and the identity of the run.

    Args:
      sources: output folders of the shards, in any order; they are left as they are.
      output_dir: where to put the results; may be one of the sources.
      dataset: the videos that must be there.
      has_masks: whether results are masks, one a frame.

    Raises:
      InputError: if the folders are of different runs, or a video is in none of them.
    """
    if not sources:
        raise errors.InputError("there are no folders to merge: name them")
    identity = run_folder.read_identity(sources[0])
    identity |= {"dataset": dataset.name, "data": dataset.note}
    for source in sources:
        run_folder.check_identity(source, identity)
    merged = run_folder.open_run(output_dir, identity, has_masks)
    for source in sources:
        part = run_folder.RunFolder(source, has_masks)
        finished = [s for s in dataset.sequences if part.record_of(s) is not None]
        # Records last: they say that the results are there.
        paths = [*_results(part, finished), *map(part.record_path, finished)]
        for path in paths:
            _copy(path, output_dir / path.relative_to(source))
    _check_complete(merged, dataset)
    return merged, identity


def _results(
    part: run_folder.RunFolder, finished: list[types.Sequence]
) -> Iterator[Path]:
    """Files of results; those of boxes and regions are whole once they are there."""
    if not part.has_masks:
        files = (path for path in part.results_dir.rglob("*") if path.is_file())
        yield from (path for path in sorted(files) if path.suffix != ".partial")
    for sequence in finished if part.has_masks else ():
        for index in range(sequence.num_frames):
            yield part.mask_path(sequence, index)


def _copy(path: Path, target: Path) -> None:
    """Copy in one step, so that a file is never half there; none is overwritten."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{uuid.uuid4().hex}.partial")
        shutil.copyfile(path, partial)
        os.replace(partial, target)


def _check_complete(merged: run_folder.RunFolder, dataset: types.Dataset) -> None:
    missing = [s.name for s in dataset.sequences if merged.record_of(s) is None]
    if missing:
        raise errors.InputError(
            f"none of the folders has finished {', '.join(missing[:5])} "
            f"({len(missing)} sequences): run their shards to the end"
        )
