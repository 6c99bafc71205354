"""DAVIS-2016 in its official layout: one object a video."""

from pathlib import Path

from samn_jax import files
from samn_jax.data import types
from samn_jax.data.formats import video_files
from samn_jax.errors import InputError


def read_davis16(data_dir: Path, split: str = "val") -> types.Dataset:
    """The videos of one DAVIS-2016 split, one object each, at 480p.

    Args:
      data_dir: folder that holds JPEGImages, Annotations and ImageSets.
      split: name of a list in ImageSets/480p, whose lines pair a frame and its mask.

    Raises:
      InputError: the folder or the list is missing, or a line is no such pair.
    """
    list_file = data_dir / "ImageSets" / "480p" / f"{split}.txt"
    pairs: dict[str, list[tuple[Path, Path]]] = {}
    for frame, mask in _read_pairs(list_file):
        pairs.setdefault(Path(frame).parent.name, []).append(
            (data_dir / frame, data_dir / mask)
        )
    sequences = tuple(_sequence(name, paths) for name, paths in pairs.items())
    return types.Dataset("davis16", sequences, f"DAVIS-2016 {split}, 480p")


def _read_pairs(list_file: Path) -> list[tuple[str, str]]:
    """Returns paths of frames and masks in the data folder, `/` before them left out.

    Raises:
      InputError: naming the line that is no such pair.
    """
    lines = files.read_text(list_file, "list of DAVIS").splitlines()
    pairs = []
    for number, line in enumerate(lines, 1):
        where = f"{files.shown(list_file)}, line {number}"
        words = [word.lstrip("/") for word in line.split()]
        if not words:
            continue
        if len(words) < 2 or "/" not in words[0]:
            raise InputError(
                f"{where} must hold a frame and its mask, <folder>/<video>/<frame>: "
                "copy the list again"
            )
        for word in words[:2]:
            files.check_relative(word, f"{where}, {files.shown(word)}: part")
        pairs.append((words[0], words[1]))
    if not pairs:
        raise InputError(
            f"{files.shown(list_file)} must hold a frame and its mask on every line: "
            "copy it again"
        )
    return pairs


def _sequence(name: str, pairs: list[tuple[Path, Path]]) -> types.Sequence:
    frames, masks = zip(*pairs, strict=True)
    return types.Sequence(
        name=name,
        frame_names=tuple(path.stem for path in frames),
        read_frame=video_files.FrameFiles(frames),
        # DAVIS-2016 has one object a video, whatever its ids.
        read_mask=video_files.MaskFiles(masks, all_needed=True, one_object=True),
    )
