"""Training data from folders, from prepared records, or rendered on the spot."""

import functools
import os
from pathlib import Path

from samn_jax.data.clips import folder, tfds_records
from samn_jax.data.clips.sources import Frame, Sources, Video
from samn_jax.data.readers import synthetic

RENDERED_STEP = 4  # every n-th frame of a rendered video


def read_sources(data_dir: str | Path, *, min_frames: int = 1) -> tuple[Sources, str]:
    """Returns photos and clips of a folder or bucket, and a fingerprint of them.

    Args:
      data_dir: a folder in the layouts of `readers/layouts.py`, or one that `prepare`
        wrote, which may lie in a bucket (gs://...); several between commas are joined.
      min_frames: clips of fewer annotated frames are left out.

    Raises:
      InputError: a folder is missing or can't be used.
    """
    found, prints = Sources(), []
    for one in _split(str(data_dir)):
        if tfds_records.is_prepared(one):
            more, fingerprint = tfds_records.read_records(one, min_frames=min_frames)
        else:
            more = folder.read_folder(Path(one), min_frames=min_frames)
            fingerprint = folder.fingerprint(Path(one))
        found += more
        prints.append(fingerprint)
    return found, "+".join(prints)


def _split(data_dir: str) -> list[str]:
    """Returns the folders; one whose name has a comma is one folder."""
    if os.path.exists(data_dir):
        return [data_dir]
    return data_dir.split(",")


def rendered_sources(seed: int = 0) -> Sources:
    """Returns every scene of the rendered set as a video, some of its frames."""
    videos = []
    for sequence in synthetic.read_synthetic(seed=seed).sequences:
        indices = range(0, sequence.num_frames, RENDERED_STEP)
        frames = tuple(
            Frame(f"{sequence.name}/{i}", functools.partial(sequence.annotated, i))
            for i in indices
        )
        videos.append(Video(sequence.name, frames, ("synthetic",)))
    return Sources(videos=tuple(videos))
