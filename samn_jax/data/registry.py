"""Data sets by name: a new one is its reader's file and one line here."""

from collections.abc import Callable
from pathlib import Path

from samn_jax import errors
from samn_jax.data import davis, folder, synthetic, types

READERS: dict[str, Callable[[Path], types.Dataset]] = {
    "synthetic": synthetic.read_synthetic,
    "folder": folder.read_folder,
    "davis16": davis.read_davis16,
}

# Names that evaluation reserves for readers to come.
PLANNED = (
    "davis17",
    "youtubevos",
    "vot2016",
    "vot2018",
    "vot2019",
    "vot2020",
    "got10k",
    "trackingnet",
    "otb",
)


def read_dataset(name: str, data_dir: Path) -> types.Dataset:
    """The data set of that name, read from the folder.

    Raises:
      InputError: if no reader has the name, or the folder isn't as the reader needs it.
    """
    if name not in READERS:
        problem = "can't be read yet" if name in PLANNED else "is unknown"
        raise errors.InputError(
            f"data set {name!r} {problem}: choose from {', '.join(READERS)}"
        )
    return READERS[name](data_dir)
