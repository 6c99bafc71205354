"""The folders of several shards of a run made one, as if nothing had been split."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from samn_jax import errors, files
from samn_jax.data import types
from samn_jax.evaluation import fingerprint, identity, run_folder
from samn_jax.evaluation.protocols import protocol as protocol_lib


def merge_runs(
    sources: Sequence[Path],
    output_dir: Path,
    protocol: protocol_lib.Protocol,
    dataset: types.Dataset,
) -> tuple[run_folder.RunFolder, dict[str, Any]]:
    """Returns the merged folder with all results, and the facts of the run.

    All is checked before anything is written.

    Args:
      sources: output folders of the shards, in any order; they are left as they are.
      output_dir: where to put the results; may be one of the sources.
      protocol: of the benchmark.
      dataset: the videos that must be there.

    Raises:
      InputError: the folders are of different runs, hold different results of one
        video or a video that has changed, or none of them has a video.
    """
    if not sources:
        raise errors.InputError("there are no folders to merge: name them")
    facts = identity.read(sources[0])
    facts |= {"dataset": dataset.name, "data": dataset.note}
    for source in sources:
        identity.check(source, facts)
    if (output_dir / identity.FILE).is_file():
        identity.check(output_dir, facts)
    parts = [run_folder.RunFolder(source, protocol) for source in sources]
    merged = run_folder.RunFolder(output_dir, protocol)
    chosen = [_choose(sequence, [merged, *parts]) for sequence in dataset.sequences]
    _check_complete(dataset, chosen)
    run_folder.open_run(output_dir, protocol, facts)
    for sequence, part in zip(dataset.sequences, chosen, strict=True):
        if part is not None and part.root != output_dir:
            for path in _files_of(part, sequence):
                _copy(path, output_dir / path.relative_to(part.root))
    return merged, facts


def _choose(
    sequence: types.Sequence, parts: Sequence[run_folder.RunFolder]
) -> run_folder.RunFolder | None:
    """Returns the first folder that has finished a video, None if none has.

    Raises:
      InputError: two have, with different results or data, or the data has changed.
    """
    finished = [part for part in parts if part.record_of(sequence) is not None]
    if not finished:
        return None
    finished[0].check_data(sequence)
    first = _outcome(finished[0], sequence)
    for other in finished[1:]:
        what = [k for k, v in _outcome(other, sequence).items() if v != first[k]]
        if what:
            raise errors.InputError(
                f"{files.shown(finished[0].root)} and {files.shown(other.root)} hold "
                f"different {' and '.join(what)} of video {files.shown(sequence.name)}"
                f": delete {files.shown(other.record_path(sequence))}, or the other "
                "one, to say which counts"
            )
    return finished[0]


def _outcome(part: run_folder.RunFolder, sequence: types.Sequence) -> dict[str, Any]:
    """Returns what must agree between folders that have finished the same video."""
    record, data = part.record_of(sequence), part.data_of(sequence)
    assert record is not None and data is not None  # It is finished.
    return {"results": record.results_sha256, "data": fingerprint.content(data)}


def _files_of(part: run_folder.RunFolder, sequence: types.Sequence) -> Iterator[Path]:
    """Yields all files of a finished video; its record last, which says they are."""
    for path in part.result_files(sequence):
        seconds = part.protocol.seconds_file(path)
        if seconds is not None and seconds.is_file():
            yield seconds
        yield path
    yield part.data_path(sequence)
    yield part.record_path(sequence)


def _copy(path: Path, target: Path) -> None:
    with files.whole_file(target) as partial:
        shutil.copyfile(path, partial)


def _check_complete(
    dataset: types.Dataset, chosen: Sequence[run_folder.RunFolder | None]
) -> None:
    pairs = zip(dataset.sequences, chosen, strict=True)
    missing = [files.shown(s.name) for s, part in pairs if part is None]
    if missing:
        raise errors.InputError(
            f"none of the folders has finished {', '.join(missing[:5])} "
            f"({len(missing)} sequences): run their shards to the end"
        )
