"""A tracker run over the videos of a benchmark: one loop for masks and boxes."""

from collections.abc import Callable
from typing import NamedTuple

import tqdm

from samn_jax import allocation, errors, files
from samn_jax.data import types
from samn_jax.evaluation import records, run_folder, stopwatch, tracing
from samn_jax.evaluation.protocols import protocol
from samn_jax.evaluation.trackers import interface, warm_up


class Outcome(NamedTuple):
    """The records of finished videos, and why the others failed, by their names."""

    records: dict[str, records.Record]
    failures: dict[str, str]


def track_dataset(
    tracker: interface.VideoTracker,
    dataset: types.Dataset,
    request: interface.Request,
    folder: run_folder.RunFolder,
    traces: tracing.Traces | None = None,
) -> Outcome:
    """Returns the outcome of every video; finished ones aren't tracked again.

    A video that fails doesn't stop the others. One that was begun by a run that was cut
    off has the speed of its rest.

    Args:
      tracker: a tracker of one object, or of several at once.
      dataset: the videos.
      request: what the tracker is given and asked for.
      folder: where the results go.
      traces: where traces go, if there are to be any.

    Raises:
      InputError: the tracker can't be traced, a video has changed since the folder's
        results were made, or nothing more can be written. Finished videos are kept.
    """
    for sequence in dataset.sequences:
        folder.check_data(sequence)
    warm: set[warm_up.Program] = set()
    warming = tracker if traces is None else tracing.warming(tracker)

    def track(sequence: types.Sequence) -> records.Record:
        record = folder.record_of(sequence)
        if record is not None and (traces is None or traces.has(sequence)):
            return record
        if record is None:
            folder.begin(sequence, afresh=traces is not None)
        if allocation.make_room():
            warm.clear()
        program = folder.protocol.program(sequence, request)
        if program not in warm:
            warm_up.warm_up(warming, program)
            warm.add(program)
        watch = stopwatch.Stopwatch()
        job = protocol.Job(tracker, sequence, folder.results_dir, request, watch)
        if traces is None:
            folder.protocol.run(job)
        elif record is None:
            traces.run(folder.protocol, job)
        else:
            traces.run_again(folder.protocol, job)
            return record
        record = records.make(watch, folder.result_files(sequence))
        folder.finish(sequence, record)
        return record

    return _run_all(dataset, track, folder)


def _run_all(
    dataset: types.Dataset,
    track: Callable[[types.Sequence], records.Record],
    folder: run_folder.RunFolder,
) -> Outcome:
    done, failures = {}, {}
    for sequence in tqdm.tqdm(dataset.sequences, desc="track", disable=None):
        try:
            done[sequence.name] = track(sequence)
        except files.DiskError as error:
            raise errors.InputError(
                f"{error}; finished videos are kept, the same command goes on"
            ) from error
        except Exception as error:  # Whatever it is: hours of others' work go on.
            failures[sequence.name] = folder.note_failure(sequence, error)
    return Outcome(done, failures)
