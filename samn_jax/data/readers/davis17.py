"""DAVIS-2017 in its official layout: several objects a video, all in its first frame.

`JPEGImages/480p/<video>/<frame>.jpg`, `Annotations/480p/<video>/<frame>.png` with
object ids, and the names of the videos in `ImageSets/2017/<split>.txt`.
"""

from pathlib import Path

from samn_jax import errors
from samn_jax.data import types
from samn_jax.data.readers import folder


def read_davis17(data_dir: Path, split: str = "val") -> types.Dataset:
    """The videos of one DAVIS-2017 split at 480p.

    Args:
      data_dir: folder that holds JPEGImages, Annotations and ImageSets.
      split: name of a list in ImageSets/2017; of `test-dev` only the first masks are
        public.

    Raises:
      InputError: if the folder, the list, a video or the mask of a first frame is
        missing.
    """
    names = _names(data_dir / "ImageSets" / "2017" / f"{split}.txt")
    sequences = tuple(_sequence(data_dir, name) for name in names)
    return types.Dataset("davis17", sequences, f"DAVIS-2017 {split}, 480p")


def _names(list_file: Path) -> list[str]:
    if not list_file.is_file():
        raise errors.InputError(
            f"{list_file} is missing: the data folder must be that of DAVIS-2017, "
            "with JPEGImages, Annotations and ImageSets"
        )
    names = list_file.read_text().split()
    if not names:
        raise errors.InputError(f"{list_file} names no video: copy it again")
    return names


def _sequence(data_dir: Path, name: str) -> types.Sequence:
    frame_dir = data_dir / "JPEGImages" / "480p" / name
    mask_dir = data_dir / "Annotations" / "480p" / name
    folder.check_first_mask(frame_dir, mask_dir)
    return folder.pair_sequence(name, frame_dir, mask_dir, late_objects=False)
