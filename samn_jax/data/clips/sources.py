"""Training data from folders, from prepared records, or rendered on the spot."""

import functools
from pathlib import Path

from samn_jax.data.clips import folder as clips
from samn_jax.data.clips import records as prepared
from samn_jax.data.clips.folder import Frame, Loaded, Sources, Video
from samn_jax.data.readers import synthetic

RENDERED_STEP = 4  # every n-th frame of a rendered video


def read(data_dir: str | Path, *, min_frames: int = 1) -> tuple[Sources, str]:
    """Returns photos and clips of a folder or bucket, and a fingerprint of them.

    Args:
      data_dir: a folder as `clips` reads it, or one that `prepare` wrote, which may lie
        in a bucket (gs://...).
      min_frames: clips of fewer annotated frames are left out.

    Raises:
      InputError: the folder is missing.
    """
    if prepared.is_prepared(data_dir):
        return prepared.read_prepared(data_dir, min_frames=min_frames)
    folder = Path(data_dir)
    return clips.read_sources(folder, min_frames=min_frames), clips.fingerprint(folder)


def rendered(seed: int = 0) -> Sources:
    """Returns every scene of the rendered set as a video, some of its frames."""
    videos = []
    for sequence in synthetic.read_synthetic(seed=seed).sequences:
        indices = range(0, sequence.num_frames, RENDERED_STEP)
        load = functools.partial(_render, sequence.name, seed)
        frames = tuple(Frame(str(i), functools.partial(load, i)) for i in indices)
        videos.append(Video(sequence.name, frames))
    return Sources(videos=tuple(videos))


@functools.lru_cache(maxsize=256)
def _render(scene: str, seed: int, index: int) -> Loaded:
    frame = synthetic.render_frame(scene, seed, index)
    return frame, synthetic.render_mask(scene, seed, index)
