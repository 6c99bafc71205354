"""TrackingNet (Müller et al., ECCV 2018) in its official layout."""

from pathlib import Path

from samn_jax import errors, files
from samn_jax.data import types
from samn_jax.data.formats import boxes


def read_trackingnet(data_dir: Path, chunk: str = "TEST") -> types.Dataset:
    """The videos of one chunk; those of TEST have the true box of frame 1 alone.

    Args:
      data_dir: the folder of all chunks, or that of this one, with `anno` and `frames`.
      chunk: `TEST` or `TRAIN_0` to `TRAIN_11`.

    Raises:
      InputError: if there are no boxes, or a video has another number of frames.
    """
    root = data_dir / chunk if (data_dir / chunk).is_dir() else data_dir
    truth_files = sorted((root / "anno").glob("*.txt"))
    if not truth_files:
        raise errors.InputError(
            f"{files.shown(root / 'anno')} has no <sequence>.txt: give the folder of "
            f"TrackingNet or of its {chunk} part"
        )
    sequences = tuple(_read_sequence(root, path) for path in truth_files)
    return types.Dataset("trackingnet", sequences, f"TrackingNet {chunk}")


def _read_sequence(root: Path, truth_file: Path) -> boxes.BoxSequence:
    truths = boxes.read_boxes(truth_file)
    num_frames = None if len(truths) == 1 else len(truths)
    folder = root / "frames" / truth_file.stem
    frames = boxes.frame_files(folder, num_frames, "%d.jpg")
    return boxes.box_sequence(truth_file.stem, frames, truths)
