"""Data sets by name: a new one is its reader's file and one line here."""

from collections.abc import Callable
from pathlib import Path

from samn_jax import errors
from samn_jax.data import types
from samn_jax.data.readers import davis, davis17, folder, synthetic, youtube_vos

READERS: dict[str, Callable[..., types.Dataset]] = {
    "synthetic": synthetic.read_synthetic,
    "folder": folder.read_folder,
    "davis16": davis.read_davis16,
    "davis17": davis17.read_davis17,
    "youtubevos": youtube_vos.read_youtube_vos,
}

# Those whose readers take the name of a split as well.
_SPLIT = ("davis17",)


def read_dataset(name: str, data_dir: Path, split: str = "") -> types.Dataset:
    """The data set of that name, read from the folder.

    Args:
      name: one of `READERS`.
      data_dir: its folder.
      split: part of it, the reader's default if empty.

    Raises:
      InputError: if no reader has the name, or the folder isn't as the reader needs it.
    """
    if name not in READERS:
        raise errors.InputError(
            f"data set {name!r} is unknown: choose from {', '.join(READERS)}"
        )
    if split and name not in _SPLIT:
        raise errors.InputError(f"{name} has no split {split!r}: leave --split out")
    return READERS[name](data_dir, *([split] if split else []))
