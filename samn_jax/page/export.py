"""What the page hands out: the files that `samn-track` writes, of its results."""

import functools
from collections.abc import Sequence
from pathlib import Path

from samn_jax import archives
from samn_jax.errors import InputError
from samn_jax.media.destination import Destination
from samn_jax.page.session import Session
from samn_jax.track import outputs as outputs_lib
from samn_jax.track.outputs import Output

KINDS = {
    "video (.mp4)": "tracked.mp4",
    "video (.webm)": "tracked.webm",
    "masks": "masks",
    "boxes (.csv)": "boxes.csv",
    "COCO masks (.json)": "masks.json",
    "cut-outs": "cutouts",
}


def export(session: Session, kinds: Sequence[str], folder: Path) -> list[Path]:
    """Writes the chosen kinds into an empty folder; returns the files.

    Folders of pictures are packed as .zip.

    Raises:
      InputError: nothing was tracked or chosen, or a file can't be written.
    """
    if not session.work.results:
        raise InputError("nothing is tracked yet: mark an object and track it")
    if not kinds:
        raise InputError("nothing is chosen: choose what to download")
    made = [_output(session, folder / KINDS[kind]) for kind in kinds]
    try:
        for result in session.results():
            for output in made:
                output.add(result)
        places = [output.finish(whole=True) for output in made]
    finally:
        for output in made:
            output.discard()
    return [_packed(place) for place in places if place is not None]


def _output(session: Session, path: Path) -> Output:
    place = Destination(path)
    if path.stem == "tracked":
        return outputs_lib.Video(place, session.source, 1)
    if path.name == "masks":
        return outputs_lib.Pictures(place, outputs_lib.mask_picture)
    if path.name == "cutouts":
        several = len(session.work.names) > 1
        encode = functools.partial(outputs_lib.cutouts, several=several)
        return outputs_lib.Pictures(place, encode)
    if path.suffix == ".csv":
        return outputs_lib.Table(place)
    return outputs_lib.RunLengths(place)


def _packed(place: Path) -> Path:
    if not place.is_dir():
        return place
    pictures = sorted(path for path in place.rglob("*") if path.is_file())
    entries = [(path.relative_to(place).as_posix(), path) for path in pictures]
    archive = place.with_suffix(".zip")
    archives.write_archive(archive, entries)
    return archive
