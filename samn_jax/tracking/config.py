"""Settings of the tracker, and those that suit a network."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from samn_jax import overrides as overrides_lib
from samn_jax import settings
from samn_jax.dcf import augmentation as augmentation_lib
from samn_jax.dcf.spatial_config import SpatialMemoryConfig
from samn_jax.errors import InputError
from samn_jax.memory import registry
from samn_jax.memory.config import MemoryConfig
from samn_jax.models import aggregation, model_file

STRIDE = 16  # of all networks
MOST_PX = 1 << 13  # side of what a network sees
_POSITIVE = (
    *("search_factor", "crop_samples", "filter_factor", "scale_step_down"),
    *("min_area_px", "accept_uncertainty", "segment_uncertainty", "scale_uncertainty"),
)
_AT_LEAST_ONE = ("max_area_ratio", "lost_growth", "dilate_box", "box_passes")
_SHARES = (
    *("threshold_from_mask", "threshold_from_box"),
    *("scale_step_from_mask", "scale_step_from_box", "scale_step_down"),
)


@dataclasses.dataclass(frozen=True)
class TrackerConfig:
    """Settings of the tracker; the defaults are the paper's with ResNet-50.

    The switches of the paper's ablation are `memory.last_add`, `memory.memorize_every`,
    `memory.filter_samples`, `memory.machine.mode`, `use_spatial` and `whole_frame`; the
    positional encoding is a property of the network.

    Attributes:
      memory: the appearance memory.
      crop_size: side in pixels of what the appearance network sees, a multiple of 16.
      search_factor: side of its crop in the frame over sqrt(w·h) of the target.
      clamp_crop: no crop is larger than a square of the frame's area.
      crop_samples: samples along each axis of a crop's pixel; 2 keeps large frames
        smooth.
      whole_frame: always see the whole frame, as STM does.
      use_spatial: whether there is a spatial memory, the correlation filter.
      filter_crop_size: side in pixels of what the filter sees, a multiple of 16.
      filter_factor: side of its crop in the frame over sqrt(w·h) of the target.
      one_search_region: the filter looks at the appearance network's crop, around the
        target's last place, which is encoded once; `filter_crop_size` and
        `filter_factor` have no say then. The paper has two crops, the network's around
        the place that the filter found.
      spatial: the spatial memory.
      augmentation: the filter's samples of the first frame.
      accept_uncertainty: below it the filter's position and sample are accepted.
      segment_uncertainty: below it a target that was started by a box is segmented.
      scale_uncertainty: below it the target's size may change.
      aggregation: how objects are joined, even one alone: `soft` or `odds`.
      threshold_from_mask: the object probability above which a pixel is the target's,
        of a target started by a mask.
      threshold_from_box: the same of one started by a box.
      scale_step_from_mask: largest change of the target's size per frame, a share of
        it, of a target started by a mask.
      scale_step_from_box: the same of one started by a box.
      scale_step_down: largest shrinking per frame, where it is smaller than these.
      max_area_ratio: a larger change of the area from frame to frame is not real.
      min_area_px: smallest component taken for the target, in crop pixels.
      keep_component: answer with the largest component alone.
      lost_growth: growth of the crop per frame in which no target is found.
      dilate_box: a box start keeps the mask inside a box larger by this factor.
      box_passes: how often a box start segments the first frame, after the first time
        by the mask that it has found.
    """

    memory: MemoryConfig = MemoryConfig()
    crop_size: int = 384
    search_factor: float = 4.0
    clamp_crop: bool = False
    crop_samples: int = 1
    whole_frame: bool = False
    use_spatial: bool = True
    filter_crop_size: int = 256
    filter_factor: float = 4.5
    one_search_region: bool = False
    spatial: SpatialMemoryConfig = SpatialMemoryConfig()
    augmentation: augmentation_lib.AugmentationConfig = (
        augmentation_lib.AugmentationConfig()
    )
    accept_uncertainty: float = 3.0
    segment_uncertainty: float = 10.0
    scale_uncertainty: float = 3.5
    aggregation: str = "soft"
    threshold_from_mask: float = 0.2
    threshold_from_box: float = 0.5
    scale_step_from_mask: float = 0.10
    scale_step_from_box: float = 0.05
    scale_step_down: float = 1.0
    max_area_ratio: float = 3.0
    min_area_px: int = 50
    keep_component: bool = False
    lost_growth: float = 1.0
    dilate_box: float = 1.2
    box_passes: int = 1

    def __post_init__(self) -> None:
        """Checks all settings, those of the memory's design too.

        Raises:
          InputError: one is unknown or out of its range.
        """
        settings.check_device_numbers(self)
        registry.build(self.memory)
        for name in ("crop_size", "filter_crop_size"):
            side = getattr(self, name)
            if not STRIDE <= side <= MOST_PX or side % STRIDE:
                raise InputError(
                    f"{name} is {side}: give a multiple of {STRIDE} up to {MOST_PX}"
                )
        settings.check_choice(self, "aggregation", aggregation.AGGREGATIONS)
        settings.check_positive(self, *_POSITIVE)
        settings.check_at_least(self, 1, *_AT_LEAST_ONE)
        settings.check_shares(self, *_SHARES)
        if self.one_search_region and self.whole_frame:
            raise InputError(
                "one_search_region and whole_frame are both on: a filter needs a crop "
                "that follows the target, so switch one off"
            )
        samples = self.augmentation.num_samples
        if self.use_spatial and self.spatial.capacity < samples:
            raise InputError(
                f"spatial.capacity is {self.spatial.capacity}: give at least "
                f"{samples}, the samples of the first frame"
            )


class NetworkConfig(Protocol):
    """What a network's config says of its tracking; both may be left out."""

    memory: MemoryConfig  # that the network is made for
    tracking: dict[str, Any]  # other fields of `TrackerConfig` that differ


def default_config(network: Any, **overrides: Any) -> TrackerConfig:
    """Returns the tracker settings that suit a network.

    Args:
      network: its config, as `LiteConfig()`; see `NetworkConfig`.
      **overrides: fields that differ, as `overrides.merge` takes them.

    Raises:
      InputError: a field is unknown, or a value is not right.
    """
    config = TrackerConfig(
        memory=getattr(network, "memory", MemoryConfig()),
        **getattr(network, "tracking", {}),
    )
    return overrides_lib.merge(config, overrides)


def file_config(
    checkpoint: str | Path,
    model: model_file.LoadedModel,
    overrides: Mapping[str, Any],
) -> TrackerConfig:
    """Returns the settings of a model file's tracker.

    They are the network's own, then those that the file notes under `tracker` (among
    them the memory that it was trained with), then those of the caller.

    Args:
      checkpoint: the file, for messages.
      model: what it holds.
      overrides: the caller's, as `overrides.merge` takes them.

    Raises:
      InputError: a setting is not right; or the file names a memory design in a file of
        code, which is run only if the caller names it.
    """
    noted = model.notes.get("tracker", {})
    if not isinstance(noted, dict):
        raise InputError(f"{checkpoint}: its notes on the tracker are damaged")
    memory_noted, noted = _split(noted)
    memory_given, given = _split(overrides)
    memory = _Memory(getattr(model.config, "memory", MemoryConfig()))
    memory = overrides_lib.merge(memory, memory_noted)
    nameless = _Memory(MemoryConfig(design=""))
    named = overrides_lib.merge(nameless, memory_given).memory.design
    if registry.is_file(memory.memory.design) and not named:
        raise InputError(
            f"{checkpoint} was trained with the memory {memory.memory.design}, whose "
            "code is run only if you name it: --set memory.design=path/to/my.py:Mine"
        )
    memory = overrides_lib.merge(memory, memory_given)
    tracking = getattr(model.config, "tracking", {})
    config = TrackerConfig(memory=memory.memory, **tracking)
    return overrides_lib.merge(overrides_lib.merge(config, noted), given)


@dataclasses.dataclass(frozen=True)
class _Memory:
    """The memory's settings alone, of which nothing is built yet."""

    memory: MemoryConfig


def _split(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the settings of the memory, and the others."""
    of_memory = {k: v for k, v in settings.items() if k.split(".")[0] == "memory"}
    return of_memory, {k: v for k, v in settings.items() if k not in of_memory}
