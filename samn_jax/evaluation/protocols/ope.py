"""One-pass evaluation of box benchmarks: the first box given, then boxes to the end.

Results lie where each benchmark wants them: OTB and TrackingNet in
`<results>/<sequence>.txt`, GOT-10k in `<results>/<sequence>/<sequence>_001.txt` with
the seconds of every frame in `<sequence>_time.txt`.
"""

import os
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from samn_jax import errors
from samn_jax.data.formats import boxes
from samn_jax.data.formats import vot_regions as regions
from samn_jax.data.formats import vot_results as region_files
from samn_jax.evaluation.trackers import region_tracker

# A fixed date of files in an archive, so that equal results give an equal archive.
_ARCHIVE_DATE = (1980, 1, 1, 0, 0, 0)


class Track(NamedTuple):
    """Box, and seconds spent in the tracker, of every frame."""

    boxes_xywh: Float[np.ndarray, "F 4"]
    seconds: Float[np.ndarray, " F"]


def run_one_pass(
    tracker: region_tracker.RegionTracker, sequence: boxes.BoxSequence
) -> Track:
    """The track of a video from its first true box, which is the first result.

    Where the tracker gives no region the box of the frame before is kept.
    """
    given = sequence.truths_xywh[0]
    found, seconds = [given], []
    state = None
    for index in range(sequence.num_frames):
        frame = sequence.frame(index)
        began = time.perf_counter()
        if index == 0:
            state = tracker.init(frame, given)
        else:
            state, region = tracker.step(state, frame)
            found.append(box_or_last(region, found[-1]))
        seconds.append(time.perf_counter() - began)
    return Track(np.stack(found), np.array(seconds))


def box_or_last(
    region: regions.Region, last: Float[np.ndarray, "4"]
) -> Float[np.ndarray, "4"]:
    """Bounding box (x, y, width, height) of a region, or the last one if it has none.

    A code, an empty mask and a box without extent, the answer of a tracker that has
    lost its target, have none.
    """
    box = regions.bounding_box(region)
    is_box = np.isfinite(box).all() and (box[2:] > 0).all()
    return box if is_box and not regions.is_empty(region) else last


def run_to_file(
    tracker: region_tracker.RegionTracker,
    sequence: boxes.BoxSequence,
    results_dir: Path,
) -> Path:
    """The file of a video's boxes in the layout of OTB and TrackingNet.

    It isn't run again if it is there.
    """
    path = results_dir / f"{sequence.name}.txt"
    if not path.is_file():
        track = run_one_pass(tracker, sequence)
        _write_seconds(results_dir / "times" / f"{sequence.name}_time.txt", track)
        boxes.write_boxes(path, track.boxes_xywh)
    return path


def run_to_got10k(
    tracker: region_tracker.RegionTracker,
    sequence: boxes.BoxSequence,
    results_dir: Path,
) -> Path:
    """The file of a video's boxes in the layout of GOT-10k, with times.

    A deterministic tracker needs one repetition. It isn't run again if it is there.
    """
    path = region_files.repetition_path(results_dir, sequence.name, 1)
    if not path.is_file():
        track = run_one_pass(tracker, sequence)
        _write_seconds(path.with_name(f"{sequence.name}_time.txt"), track)
        boxes.write_boxes(path, track.boxes_xywh)
    return path


def write_submission(
    results_dir: Path, sequences: tuple[boxes.BoxSequence, ...], archive: Path
) -> Path:
    """The zip archive that the servers of GOT-10k and TrackingNet take.

    Raises:
      InputError: if a video has no result, or not a box a frame.
    """
    files = []
    for sequence in sequences:
        flat = results_dir / f"{sequence.name}.txt"
        nested = region_files.repetition_path(results_dir, sequence.name, 1)
        path = flat if flat.is_file() else nested
        if not path.is_file():
            raise errors.InputError(
                f"{results_dir} has no boxes of {sequence.name}: run it before packing"
            )
        boxes.read_boxes(path, sequence.num_frames)
        files += [path] if path == flat else sorted(path.parent.glob("*.txt"))
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in files:
            name = path.relative_to(results_dir).as_posix()
            entry = zipfile.ZipInfo(name, _ARCHIVE_DATE)
            packed.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    os.replace(partial, archive)
    return archive


def _write_seconds(path: Path, track: Track) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{value:.8f}\n" for value in track.seconds))
