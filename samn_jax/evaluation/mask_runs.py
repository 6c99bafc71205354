"""A tracker run over a data set, its masks and timings kept video by video."""

from typing import Any

import tqdm

from samn_jax.data import images, types
from samn_jax.evaluation import manifest, protocols, run_folder

# What a run leaves of one finished sequence; see `_track_sequence`.
Record = dict[str, Any]


def track_dataset(
    tracker: protocols.VideoTracker,
    dataset: types.Dataset,
    start: protocols.Start,
    folder: run_folder.RunFolder,
) -> dict[str, Record]:
    """The record of every sequence by its name; finished ones aren't tracked again.

    Raises:
      InputError: if a frame or a first mask can't be used.
    """
    records: dict[str, Record] = {}
    warm: set[tuple[int, ...]] = set()
    for sequence in tqdm.tqdm(dataset.sequences, desc="track", disable=None):
        record = folder.record_of(sequence)
        if record is None:
            num_objects = sum(map(len, sequence.starts().values()))
            program = (*sequence.frame(0).shape[:2], num_objects)
            if program not in warm:
                protocols.warm_up(tracker, sequence, start)
                warm.add(program)
            record = _track_sequence(tracker, sequence, start, folder)
        records[sequence.name] = record
    return records


def summarize(records: dict[str, Record]) -> dict[str, Any]:
    """Speed without decoding and compiling, None where nothing was timed."""
    frames = sum(record["num_frames"] - 1 for record in records.values())
    seconds = sum(record["other_frames_seconds"] for record in records.values())
    first = [record["first_frame_seconds"] for record in records.values()]
    return {
        "frames_per_second": frames / seconds if seconds else None,
        "first_frame_seconds": sum(first) / len(first) if first else None,
        "timed": "tracker alone, to the mask on the host; no decoding or compilation",
    }


def _track_sequence(
    tracker: protocols.VideoTracker,
    sequence: types.Sequence,
    start: protocols.Start,
    folder: run_folder.RunFolder,
) -> Record:
    """Number of frames, seconds and commit, after all masks have been written."""
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
    record = {
        "num_frames": sequence.num_frames,
        "first_frame_seconds": seconds[0],
        "other_frames_seconds": sum(seconds[1:]),
        "git_commit": manifest.git_commit(),
    }
    folder.finish(sequence, record)
    return record
