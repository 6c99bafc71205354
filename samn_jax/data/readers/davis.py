"""DAVIS-2016 in its official layout, and the masks of a results folder."""

from pathlib import Path

from samn_jax import errors
from samn_jax.data import types
from samn_jax.data.formats import video_files


def read_davis16(data_dir: Path, split: str = "val") -> types.Dataset:
    """The videos of one DAVIS-2016 split, one object each, at 480p.

    Args:
      data_dir: folder that holds JPEGImages, Annotations and ImageSets.
      split: name of a list in ImageSets/480p, whose lines pair a frame and its mask.

    Raises:
      InputError: if the folder or the list is missing or empty.
    """
    pairs: dict[str, list[tuple[Path, Path]]] = {}
    for line in _lines(data_dir / "ImageSets" / "480p" / f"{split}.txt"):
        frame, mask = (data_dir / part.lstrip("/") for part in line.split()[:2])
        pairs.setdefault(frame.parent.name, []).append((frame, mask))
    sequences = tuple(_sequence(name, files) for name, files in pairs.items())
    return types.Dataset("davis16", sequences, f"DAVIS-2016 {split}, 480p")


def _lines(list_file: Path) -> list[str]:
    if not list_file.is_file():
        raise errors.InputError(
            f"{list_file} is missing: the data folder must be that of DAVIS, "
            "with JPEGImages, Annotations and ImageSets"
        )
    lines = [line for line in list_file.read_text().splitlines() if line.strip()]
    if not lines or any(len(line.split()) < 2 for line in lines):
        raise errors.InputError(
            f"{list_file} must hold a frame and its mask on every line: copy it again"
        )
    return lines


def _sequence(name: str, files: list[tuple[Path, Path]]) -> types.Sequence:
    frames, masks = zip(*files, strict=True)
    return types.Sequence(
        name=name,
        frame_names=tuple(path.stem for path in frames),
        read_frame=video_files.FrameFiles(frames),
        # DAVIS-2016 has one object a video, whatever its ids.
        read_mask=video_files.MaskFiles(masks, all_needed=True, one_object=True),
    )
