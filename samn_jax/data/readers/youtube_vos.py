"""YouTube-VOS in its official layout: objects may come at any time.

`JPEGImages/<video>/<frame>.jpg` and `Annotations/<video>/<frame>.png` with object ids;
the public masks of `valid` and `test` are those in which an object first appears.
`meta.json` tells the category of every object.
"""

import dataclasses
import os
from pathlib import Path

from samn_jax import files
from samn_jax.data import types
from samn_jax.data.formats import listing
from samn_jax.data.readers import folder, layouts
from samn_jax.errors import InputError

META_FILE = "meta.json"

# Video → id of an object → its category.
Categories = dict[str, dict[int, str]]


@dataclasses.dataclass(frozen=True)
class YouTubeVos(types.Dataset):
    """The videos, and the categories that divide the measures.

    Attributes:
      categories: the category of every object; None without `meta.json`.
      seen: categories that the training set has; None if it isn't in `../train`.
    """

    categories: Categories | None = None
    seen: frozenset[str] | None = None


def read_youtube_vos(data_dir: Path) -> YouTubeVos:
    """The videos of one split, whose folder this is, sorted by name.

    With a `meta.json` the videos are those that it names.

    Raises:
      InputError: if a folder, a video or all masks of a video are missing, or
        `meta.json` is damaged.
    """
    layout = layouts.Layout(data_dir / "JPEGImages", data_dir / "Annotations")
    for root in layout[:2]:
        if not os.path.isdir(root):
            raise InputError(
                f"{files.shown(root)} is missing: give the folder of one split of "
                "YouTube-VOS (train, valid or test)"
            )
    categories = None
    if os.path.isfile(data_dir / META_FILE):
        categories = read_categories(data_dir)
        names = sorted(categories)
    else:
        names = [path.name for path in listing.list_folders(layout.masks)]
    sequences = tuple(_sequence(layout.video(name)) for name in names)
    note = f"YouTube-VOS {files.shown(data_dir.resolve().name)}"
    seen = seen_categories(data_dir)
    return YouTubeVos("youtubevos", sequences, note, categories, seen)


def read_categories(data_dir: Path) -> Categories:
    """The category of every object as `meta.json` gives it.

    Raises:
      InputError: the file is missing or not of that form, or a name can't be that of a
        result.
    """
    path = data_dir / META_FILE
    content = files.read_json_object(path, "copy the meta.json of YouTube-VOS there")
    try:
        categories = {
            name: {int(i): str(o["category"]) for i, o in video["objects"].items()}
            for name, video in content["videos"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{files.shown(path)} isn't the meta.json of YouTube-VOS: copy it again"
        ) from error
    for name, objects in categories.items():
        files.check_name(name, f"{files.shown(path)}: video")
        wrong = [i for i in objects if not 0 < i < 256]
        if wrong:
            raise InputError(
                f"{files.shown(path)}, video {name}: object {str(wrong[0])[:20]} is no "
                "id from 1 to 255: copy the file again"
            )
    return categories


def seen_categories(data_dir: Path) -> frozenset[str] | None:
    """Categories that the training set has; None if it isn't beside `data_dir`."""
    train = data_dir.resolve().parent / "train"
    if not os.path.isfile(train / META_FILE):
        return None
    videos = read_categories(train).values()
    return frozenset(category for video in videos for category in video.values())


def _sequence(video: layouts.VideoFiles) -> types.Sequence:
    folder.require_frames(video)
    sequence = video.sequence(late_objects=True)
    if not any(sequence.has_mask(index) for index in range(sequence.num_frames)):
        raise InputError(
            f"{files.shown(video.masks[0].parent)} has no mask of a frame in "
            f"{files.shown(video.frames[0].parent)}: complete the data"
        )
    return sequence
