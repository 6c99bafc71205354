"""Result files of VOT: where they lie, and how they are read and written.

`<results>/baseline/<sequence>/<sequence>_001.txt` is the first repetition of a
supervised run, `<sequence>_00000050.txt` the run from anchor 50 of a multi-start one.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from samn_jax import errors, files
from samn_jax.data.formats import vot_binary, vot_regions

EXPERIMENT = "baseline"


def experiment_dir(results_dir: Path) -> Path:
    """The folder that has a folder a sequence: `baseline` where there is one."""
    inner = results_dir / EXPERIMENT
    return inner if inner.is_dir() else results_dir


def repetition_path(experiment: Path, sequence: str, repetition: int) -> Path:
    """File of a supervised run; the first repetition is 1."""
    return experiment / sequence / f"{sequence}_{repetition:03d}.txt"


def anchor_path(experiment: Path, sequence: str, anchor: int) -> Path:
    """File of a multi-start run from an anchor frame; the first frame is 0."""
    return experiment / sequence / f"{sequence}_{anchor:08d}.txt"


def repetition_files(results_dir: Path, sequence: str) -> list[Path]:
    """Files of all supervised runs on one video, in their order.

    Raises:
      InputError: if there is none.
    """
    folder = experiment_dir(results_dir) / sequence
    pattern = re.compile(re.escape(sequence) + r"_\d{3}\.(txt|bin)")
    found = sorted(p for p in folder.glob("*") if pattern.fullmatch(p.name))
    if not found:
        raise errors.InputError(
            f"{files.shown(folder)} has no {sequence}_001.txt: run the sequence, or "
            "leave it out with --sequences"
        )
    return found


def read_trajectory(path: Path, num_frames: int) -> tuple[vot_regions.Region, ...]:
    """The regions of one run, one a frame.

    Where there is no text file the toolkit's binary file of that name, `.bin`, is read.

    Raises:
      InputError: if both are missing, damaged or have another number of frames.
    """
    binary = path.with_suffix(".bin")
    if path.is_file() and path != binary:
        trajectory = vot_regions.read_regions(path)
    elif binary.is_file():
        trajectory, path = _read_binary(binary), binary
    else:
        raise errors.InputError(
            f"{files.shown(path)} is missing: run the sequence, or leave it out with "
            "--sequences"
        )
    if len(trajectory) != num_frames:
        raise errors.InputError(
            f"{files.shown(path)} has {len(trajectory)} lines but the run has "
            f"{num_frames} frames: it is cut short or of another sequence"
        )
    return trajectory


def is_whole(path: Path, num_frames: int) -> bool:
    """Whether a file holds the regions of a run of so many frames."""
    try:
        return path.is_file() and len(read_trajectory(path, num_frames)) > 0
    except errors.InputError:
        return False


def write_trajectory(path: Path, trajectory: Sequence[vot_regions.Region]) -> None:
    """Write the regions of one run, the whole file in one step."""
    vot_regions.write_regions(path, trajectory)


def seconds_path(path: Path) -> Path:
    """Returns the file of the seconds of a run, beside that of its regions."""
    return path.with_name(f"{path.stem}_time.value")


def write_seconds(path: Path, seconds: Sequence[float]) -> None:
    """Writes the time of every frame of a run, whose regions are in `path`.

    It comes before the regions, whose file says that a run is complete.

    Raises:
      InputError: it can't be written.
    """
    text = "".join(f"{value:.6f}\n" for value in seconds)
    files.write_text(seconds_path(path), text)


def _read_binary(path: Path) -> tuple[vot_regions.Region, ...]:
    data = files.read_bytes(path, "trajectory")
    try:
        return vot_binary.decode_regions(data)
    except ValueError as error:
        raise errors.InputError(
            f"{files.shown(path)} isn't a trajectory of the VOT toolkit, {error}: copy "
            "it again"
        ) from error
