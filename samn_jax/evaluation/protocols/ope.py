"""One-pass evaluation (OPE) of box benchmarks: the first box given, then the tracker's.

Results lie where each benchmark wants them: OTB and TrackingNet in
`<results>/<video>.txt`, with the seconds of every frame in
`<results>/times/<video>_time.txt`; GOT-10k in `<results>/<video>/<video>_001.txt` and
`<video>_time.txt`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from samn_jax import errors, files, places
from samn_jax.data.formats import boxes, vot_results
from samn_jax.data.formats import vot_regions as regions
from samn_jax.evaluation import stopwatch
from samn_jax.evaluation.protocols import frames, protocol, region_protocol
from samn_jax.evaluation.trackers import regions as region_trackers


class Track(NamedTuple):
    """Box, and seconds spent in the tracker, of every frame."""

    boxes_xywh: Float[np.ndarray, "F 4"]
    seconds: Float[np.ndarray, " F"]


def run_ope(
    tracker: region_trackers.RegionTracker,
    sequence: boxes.BoxSequence,
    watch: stopwatch.Stopwatch,
) -> Track:
    """Returns the track of a video from its first true box, which is the first result.

    Where the tracker gives no region the box of the frame before is kept.
    """
    given = sequence.truths_xywh[0]
    all_frames = frames.read_ahead(sequence, range(sequence.num_frames))
    state = watch.start(tracker.init, next(all_frames), given)
    found, seconds = [given], [watch.last]
    for frame in all_frames:
        state, region = watch.step(tracker.step, state, frame)
        found.append(box_or_last(region, found[-1]))
        seconds.append(watch.last)
    return Track(np.stack(found), np.array(seconds))


def box_or_last(
    region: regions.Region, last: Float[np.ndarray, "4"]
) -> Float[np.ndarray, "4"]:
    """Returns the bounding box (x, y, width, height) of a region, or the last one.

    A code, an empty mask and a box without extent, the answer of a tracker that has
    lost its target, have none of their own.
    """
    box = regions.bounding_box(region)
    is_box = np.isfinite(box).all() and (box[2:] > 0).all()
    return box if is_box and not regions.is_empty(region) else last


def flat_file(results_dir: Path, video: str) -> Path:
    """Returns the file of a video's boxes in the layout of OTB and TrackingNet."""
    return results_dir / f"{video}.txt"


def got10k_file(results_dir: Path, video: str) -> Path:
    """Returns the file of a video's boxes in the layout of GOT-10k.

    A deterministic tracker needs one repetition.
    """
    return vot_results.repetition_path(results_dir, video, 1)


def flat_seconds(path: Path) -> Path:
    """Returns the file of the seconds that belongs to one of OTB or TrackingNet."""
    return path.parent / "times" / f"{path.stem}_time.txt"


def got10k_seconds(path: Path) -> Path:
    """Returns the file of the seconds that belongs to one of GOT-10k."""
    return path.with_name(f"{path.stem.removesuffix('_001')}_time.txt")


def run_to_file(
    tracker: region_trackers.RegionTracker,
    sequence: boxes.BoxSequence,
    path: Path,
    seconds_path: Path,
    watch: stopwatch.Stopwatch,
) -> None:
    """Writes a video's boxes and seconds, unless a whole file of boxes is there.

    The seconds come first: the boxes say that the run is finished.
    """
    if not _is_whole(path, sequence.num_frames):
        track = run_ope(tracker, sequence, watch)
        lines = "".join(f"{value:.8f}\n" for value in track.seconds)
        files.write_text(seconds_path, lines)
        boxes.write_boxes(path, track.boxes_xywh)


def _is_whole(path: Path, num_frames: int) -> bool:
    if not path.is_file():
        return False
    try:
        boxes.read_boxes(path, num_frames)
    except errors.InputError:  # Damaged: it will be made again.
        return False
    return True


def _protocol(
    result_file: Callable[[Path, str], Path], seconds_file: Callable[[Path], Path]
) -> protocol.Protocol:
    def result_files(sequence: boxes.BoxSequence, results_dir: Path) -> list[Path]:
        return [places.inside(results_dir, result_file(results_dir, sequence.name))]

    def run(
        tracker: region_trackers.RegionTracker,
        sequence: boxes.BoxSequence,
        results_dir: Path,
        watch: stopwatch.Stopwatch,
    ) -> None:
        (path,) = result_files(sequence, results_dir)
        seconds_path = places.inside(results_dir, seconds_file(path))
        run_to_file(tracker, sequence, path, seconds_path, watch)

    def read(
        sequence: boxes.BoxSequence, results_dir: Path
    ) -> dict[int, regions.Region]:
        (path,) = result_files(sequence, results_dir)
        return dict(enumerate(boxes.read_boxes(path, sequence.num_frames)))

    return region_protocol.make_protocol(
        region_protocol.RegionProtocol(
            run=run,
            result_files=result_files,
            seconds_file=seconds_file,
            starts=("box",),
            gives_mask=lambda sequence: False,
            size_hw=lambda sequence: sequence.read_size(),
            truths=lambda sequence: sequence.truths_xywh,
            read=read,
        )
    )


OPE = _protocol(flat_file, flat_seconds)
GOT10K_OPE = _protocol(got10k_file, got10k_seconds)
