"""YouTube-VOS in its official layout: objects may come at any time.

`JPEGImages/<video>/<frame>.jpg` and `Annotations/<video>/<frame>.png` with object ids;
the public masks of `valid` and `test` are those in which an object first appears.
`meta.json` tells the category of every object.
"""

import dataclasses
import json
from pathlib import Path

from samn_jax import errors
from samn_jax.data import types
from samn_jax.data.readers import folder

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
    for part in ("JPEGImages", "Annotations"):
        if not (data_dir / part).is_dir():
            raise errors.InputError(
                f"{data_dir / part} is missing: give the folder of one split of "
                "YouTube-VOS (train, valid or test)"
            )
    categories = None
    if (data_dir / "meta.json").is_file():
        categories = read_categories(data_dir)
        names = sorted(categories)
    else:
        names = sorted(path.name for path in (data_dir / "Annotations").iterdir())
    sequences = tuple(_sequence(data_dir, name) for name in names)
    note = f"YouTube-VOS {data_dir.resolve().name}"
    seen = seen_categories(data_dir)
    return YouTubeVos("youtubevos", sequences, note, categories, seen)


def read_categories(data_dir: Path) -> Categories:
    """The category of every object as `meta.json` gives it.

    Raises:
      InputError: if the file is missing or not of that form.
    """
    path = data_dir / "meta.json"
    try:
        videos = json.loads(path.read_text())["videos"]
        return {
            name: {int(i): str(o["category"]) for i, o in video["objects"].items()}
            for name, video in videos.items()
        }
    except FileNotFoundError as error:
        raise errors.InputError(f"{path} is missing: copy it there") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.InputError(
            f"{path} isn't the meta.json of YouTube-VOS: copy it again"
        ) from error


def seen_categories(data_dir: Path) -> frozenset[str] | None:
    """Categories that the training set has; None if it isn't beside `data_dir`."""
    train = data_dir.resolve().parent / "train"
    if not (train / "meta.json").is_file():
        return None
    videos = read_categories(train).values()
    return frozenset(category for video in videos for category in video.values())


def _sequence(data_dir: Path, name: str) -> types.Sequence:
    frame_dir = data_dir / "JPEGImages" / name
    mask_dir = data_dir / "Annotations" / name
    return folder.pair_sequence(name, frame_dir, mask_dir, late_objects=True)
