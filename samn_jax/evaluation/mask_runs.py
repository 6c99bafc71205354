"""A tracker run over a data set with masks, its results kept video by video."""

import tqdm

from samn_jax.data import types
from samn_jax.data.formats import images
from samn_jax.evaluation import courses, run_folder
from samn_jax.evaluation.protocols import semi_supervised as protocols


def track_dataset(
    tracker: protocols.VideoTracker,
    dataset: types.Dataset,
    start: protocols.Start,
    folder: run_folder.RunFolder,
) -> courses.Course:
    """The outcome of every video; finished ones aren't tracked again."""
    warm: set[tuple[int, ...]] = set()

    def run_one(sequence: types.Sequence) -> courses.Record:
        record = folder.record_of(sequence)
        if record is not None:
            return record
        num_objects = sum(map(len, sequence.starts().values()))
        program = (*sequence.frame(0).shape[:2], num_objects)
        if program not in warm:
            protocols.warm_up(tracker, sequence, start)
            warm.add(program)
        return _track_sequence(tracker, sequence, start, folder)

    return courses.run_all(dataset, run_one, folder)


def _track_sequence(
    tracker: protocols.VideoTracker,
    sequence: types.Sequence,
    start: protocols.Start,
    folder: run_folder.RunFolder,
) -> courses.Record:
    """The record, after all masks have been written."""
    seconds = []
    frames = tqdm.tqdm(
        protocols.track_sequence(tracker, sequence, start),
        total=sequence.num_frames,
        desc=sequence.name,
        leave=False,
        disable=None,
    )
    for index, tracked in enumerate(frames):
        images.write_mask(folder.mask_path(sequence, index), tracked.ids)
        seconds.append(tracked.seconds)
    record = courses.make_record(len(seconds), 1, seconds[0], sum(seconds[1:]))
    folder.finish(sequence, record)
    return record
