"""Settings of how training clips are drawn and changed."""

import dataclasses
import math

from samn_jax import settings
from samn_jax.errors import InputError

# Pairs of a source's name and its share: see `shares.py`.
Shares = tuple[tuple[str, float], ...]

_STRIDE = 16  # of the networks' coarsest maps
_MOST_PX = 1 << 13  # side of a crop


@dataclasses.dataclass(frozen=True)
class SamplingConfig:
    """How training clips are drawn and changed.

    Attributes:
      num_frames: of a clip.
      crop_size: side of its crops in pixels.
      max_objects: of a clip; several are joined in the loss.
      video_share: of clips of videos; the others are photos made into clips.
      photo_shares: how often photos of each source are drawn, where there are photos
        of several (see `shares.py`); () draws all photos evenly.
      video_shares: the same of videos.
      max_gap: frames between neighbors of a clip.
      gap_growth: samples over which `max_gap` grows from 1; 0 is at once.
      crop_factor: range of a crop's side over the root of its object's area.
      center_jitter: shift of a crop in its sides, from the second frame on.
      scale_jitter: change of the logarithm of its side, from the second frame on.
      leave_share: of later frames whose crop is somewhere else.
      color: strength of a clip's recoloring; each frame has half of it of its own.
      blur_share: of clips with motion blur.
      blur_px: range of the motion blur's length, crop pixels.
      coarse_share: of clips that are seen as in a video of low resolution.
      coarse_px: range of the root of the target's area there, in the video's pixels;
        clips whose target is smaller anyway stay as they are.
      distractor_share: of clips with another object pasted beside their own.
      occluder_share: of clips with another object pasted over their own.
      look_alike_share: of pasted objects that are a copy of the clip's own, or come
        from a photo of its kind (one whose name is equal up to the number).
      background_share: of clips whose objects are put before a photo.
      box_share: of clips whose first mask is a box, as a box start has it.
      video_motion: degrees, scale and shear of each frame of a video.
      thin_plate: bending of photos' later frames, in crop sides.
      perspective: tilting of photos' later frames; .3 is strong.
      cache_bytes: most that decoded frames take in memory, in each process that draws
        clips; 2 GiB are about 1,700 frames of 480p.
    """

    num_frames: int = 3
    crop_size: int = 192
    max_objects: int = 1
    video_share: float = 0.5
    photo_shares: Shares = ()
    video_shares: Shares = ()
    max_gap: int = 12
    gap_growth: int = 0
    crop_factor: tuple[float, float] = (1.6, 4.2)
    center_jitter: float = 0.25
    scale_jitter: float = 0.25
    leave_share: float = 0.06
    color: float = 0.2
    blur_share: float = 0.15
    blur_px: tuple[int, int] = (3, 9)
    coarse_share: float = 0.0
    coarse_px: tuple[float, float] = (20.0, 60.0)
    distractor_share: float = 0.35
    occluder_share: float = 0.2
    look_alike_share: float = 0.0
    background_share: float = 0.0
    box_share: float = 0.0
    video_motion: tuple[float, float, float] = (6.0, 1.05, 0.03)
    thin_plate: float = 0.0
    perspective: float = 0.0
    cache_bytes: int = 2 * 2**30

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
          InputError: one is out of its range, or two contradict each other.
        """
        if self.num_frames < 2:
            raise InputError(
                f"num_frames is {self.num_frames}: give at least 2, the first frame is "
                "only remembered"
            )
        if not _STRIDE <= self.crop_size <= _MOST_PX or self.crop_size % _STRIDE:
            raise InputError(
                f"crop_size is {self.crop_size}: give a multiple of 16 up to {_MOST_PX}"
            )
        settings.check_at_least(self, 1, "max_objects", "max_gap")
        numbers = ("gap_growth", "center_jitter", "scale_jitter", "color", "thin_plate")
        settings.check_at_least(self, 0, *numbers, "cache_bytes")
        shares = [f.name for f in dataclasses.fields(self) if f.name.endswith("_share")]
        settings.check_shares(self, *shares, "perspective")
        if self.occluder_share + self.distractor_share > 1:
            raise InputError(
                f"occluder_share {self.occluder_share} and distractor_share "
                f"{self.distractor_share} are more than 1 together: lower one"
            )
        for name, least in (
            ("crop_factor", 0.01),
            ("blur_px", 2.0),
            ("coarse_px", 4.0),
        ):
            _check_range(self, name, least)
        settings.check_numbers(self, "video_motion", 3)
        if self.video_motion[1] < 1:
            raise InputError(
                f"video_motion is {self.video_motion}: its second number, a scale, "
                "must be at least 1"
            )
        for name in ("photo_shares", "video_shares"):
            _check_sources(name, getattr(self, name))


def _check_range(config: SamplingConfig, name: str, least: float) -> None:
    settings.check_numbers(config, name, 2)
    low, high = getattr(config, name)
    if not least <= low <= high:
        raise InputError(
            f"{name} is {(low, high)}: give the smallest, at least {least:g}, and the "
            "largest"
        )


def _check_sources(name: str, shares: tuple) -> None:
    for pair in shares:
        is_pair = isinstance(pair, tuple) and len(pair) == 2
        if not is_pair or not isinstance(pair[0], str):
            raise InputError(
                f"{name} has {pair}: give pairs of a source and its share, as in "
                '(("coco", 2.0), ("", 1.0))'
            )
        if not isinstance(pair[1], int | float) or not 0 < pair[1] < math.inf:
            raise InputError(f"{name} has {pair}: give a share above 0")
