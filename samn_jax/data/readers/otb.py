"""OTB (Wu et al., PAMI 2015): `<sequence>/img/*.jpg` and `groundtruth_rect.txt`."""

from pathlib import Path

from samn_jax import errors, files
from samn_jax.data import types
from samn_jax.data.formats import boxes

# Videos whose boxes belong to a part of the frames: (first, last), counted from 1.
_PARTS = {
    "David": (300, 770),
    "Diving": (1, 215),
    "Football1": (1, 74),
    "Freeman3": (1, 460),
    "Freeman4": (1, 283),
}


def read_otb(data_dir: Path) -> types.Dataset:
    """Every video of the folder; one with two targets becomes two, `Jogging.1`, ….

    Raises:
      InputError: if there is no video, or one has another number of frames than boxes.
    """
    truths = [
        path
        for path in sorted(data_dir.glob("*/groundtruth_rect*.txt"))
        if files.read_text(path, "boxes").strip()  # one of Human4's two is empty
    ]
    if not truths:
        raise errors.InputError(
            f"{files.shown(data_dir)} has no <sequence>/groundtruth_rect.txt: give the "
            "folder of OTB"
        )
    sequences = tuple(_read_sequence(path) for path in truths)
    return types.Dataset("otb", sequences, "OTB in its official layout")


def _read_sequence(truth_file: Path) -> boxes.BoxSequence:
    video = truth_file.parent.name
    target = truth_file.stem.removeprefix("groundtruth_rect")
    truths = boxes.read_boxes(truth_file)
    folder = truth_file.parent / "img"
    if video not in _PARTS:
        frames = boxes.frame_files(folder, len(truths), "%04d.jpg")
    else:
        first, last = _PARTS[video]
        frames = boxes.frame_files(folder, None, "%04d.jpg")[first - 1 : last]
        _check_length(truth_file, len(truths), len(frames))
    return boxes.box_sequence(video + target, frames, truths)


def _check_length(truth_file: Path, num_boxes: int, num_frames: int) -> None:
    if num_boxes != num_frames:
        raise errors.InputError(
            f"{files.shown(truth_file)} has {num_boxes} boxes for {num_frames} frames: "
            "copy the sequence again"
        )
