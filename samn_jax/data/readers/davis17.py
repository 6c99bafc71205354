"""DAVIS-2017 in its official layout: several objects a video, all in its first frame.

`JPEGImages/480p/<video>/<frame>.jpg`, `Annotations/480p/<video>/<frame>.png` with
object ids, and the names of the videos in `ImageSets/2017/<split>.txt`.
"""

from pathlib import Path

from samn_jax.data import types
from samn_jax.data.formats import listing
from samn_jax.data.readers import folder, layouts


def read_davis17(data_dir: Path, split: str = "val") -> types.Dataset:
    """The videos of one DAVIS-2017 split at 480p.

    Args:
      data_dir: folder that holds JPEGImages, Annotations and ImageSets.
      split: name of a list in ImageSets/2017; of `test-dev` only the first masks are
        public.

    Raises:
      InputError: the folder, the list, a video or the mask of a first frame is missing.
    """
    list_file = data_dir / "ImageSets" / "2017" / f"{split}.txt"
    layout = layouts.Layout(
        data_dir / "JPEGImages" / "480p", data_dir / "Annotations" / "480p"
    )
    videos = [layout.video(name) for name in listing.read_names(list_file, "video")]
    for video in videos:
        folder.check_first_mask(video)
    sequences = tuple(video.sequence(late_objects=False) for video in videos)
    return types.Dataset("davis17", sequences, f"DAVIS-2017 {split}, 480p")
