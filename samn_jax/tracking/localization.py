"""The spatial half of the tracker: where the correlation filter sees the target."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

from samn_jax.dcf import augmentation, spatial_correction
from samn_jax.dcf import spatial_memory as spatial_lib
from samn_jax.geometry import crops
from samn_jax.tracking import segmentation
from samn_jax.tracking.state import Target, TrackerSpec


class Localization(NamedTuple):
    """What the filter says of a frame."""

    crop: crops.SquareCrop
    response: spatial_lib.Response
    center_xy: Float[Array, "2"]  # of the target, image pixels
    uncertainty: Float[Array, ""]


def first_memory(
    spec: TrackerSpec,
    variables: dict,
    frame: UInt8[Array, "H W 3"],
    extent_hw: Int[Array, "2"],
    target: Target,
) -> spatial_lib.SpatialMemory:
    """Returns the spatial memory fitted to augmented copies of the first frame."""
    config, size = spec.config, _size(spec)
    patch, crop = _patch(spec, frame, extent_hw, target, times=2)
    center = crops.points_to_crop(target.center_xy, crop, out_size=2 * size)
    samples = augmentation.augment_first_frame(
        patch, center, config=config.augmentation
    )
    scale = crops.crop_scale(crop, 2 * size)
    return spatial_lib.init_spatial_memory(
        config.spatial,
        _features(spec, variables, samples.crops),
        samples.target_centers_px / config.spatial.stride,
        target.size_wh[::-1] * scale / config.spatial.stride,
    )


def localize(
    spec: TrackerSpec,
    variables: dict,
    frame: UInt8[Array, "H W 3"],
    extent_hw: Int[Array, "2"],
    memory_and_target: tuple[spatial_lib.SpatialMemory, Target],
) -> Localization:
    """Returns where the filter sees the target around its last place."""
    patch, crop = _patch(spec, frame, extent_hw, memory_and_target[1], times=1)
    features = _features(spec, variables, patch[None])
    return localize_in(spec, features, crop, extent_hw, memory_and_target)


def localize_in(
    spec: TrackerSpec,
    features: Float[Array, "1 h w C"],
    crop: crops.SquareCrop,
    extent_hw: Int[Array, "2"],
    memory_and_target: tuple[spatial_lib.SpatialMemory, Target],
) -> Localization:
    """Returns where the filter sees the target in a crop of which it has features."""
    memory, target = memory_and_target
    scale = crops.crop_scale(crop, _size(spec))
    response = spatial_lib.respond(
        spec.config.spatial,
        memory,
        features[0].astype(jnp.float32),
        target_size_px=target.size_wh[::-1] * scale,
    )
    center = crop.center_xy + response.offset_xy / scale
    limit = extent_hw[::-1].astype(jnp.float32)
    center = jnp.clip(center, 0.0, limit)
    return Localization(crop, response, center, response.uncertainty)


def remember_in(
    spec: TrackerSpec,
    memories: spatial_lib.SpatialMemory,
    slot: Int[Array, ""],
    localized: Localization,
    center_xy: Float[Array, "2"],
    accepted: Bool[Array, ""],
) -> spatial_lib.SpatialMemory:
    """Returns several memories, one with the frame's sample; its filter is as before.

    Args:
      spec: network and settings.
      memories: one for each of N objects.
      slot: which of them is to remember.
      localized: what its filter said of the frame.
      center_xy: the target's, in the image.
      accepted: whether to learn from the frame.
    """
    place = (slot, _to_cells(spec, localized, center_xy))
    return spatial_lib.remember_in(
        spec.config.spatial, memories, localized.response, place, accepted=accepted
    )


def learn(
    spec: TrackerSpec,
    memory: spatial_lib.SpatialMemory,
    localized: Localization,
    center_xy: Float[Array, "2"],
    accepted: Bool[Array, ""],
) -> spatial_lib.SpatialMemory:
    """Returns the memory after the frame; `center_xy` is the target's (image)."""
    center = _to_cells(spec, localized, center_xy)
    return spatial_lib.update_spatial_memory(
        spec.config.spatial, memory, localized.response, center, accepted=accepted
    )


def correct(
    spec: TrackerSpec,
    memory: spatial_lib.SpatialMemory,
    localized: Localization,
    center_xy: Float[Array, "2"],
) -> spatial_lib.SpatialMemory:
    """Returns the memory that has learned a person's place for the last frame it saw.

    What it had learned of that frame is replaced; see `correct_spatial_memory`.

    Args:
      spec: network and settings.
      memory: after that frame.
      localized: what the filter says around the corrected place.
      center_xy: the target's, in the image.
    """
    center = _to_cells(spec, localized, center_xy)
    return spatial_correction.correct_spatial_memory(
        spec.config.spatial, memory, localized.response, center
    )


def _to_cells(
    spec: TrackerSpec, localized: Localization, center_xy: Float[Array, "2"]
) -> Float[Array, "2"]:
    center = crops.points_to_crop(center_xy, localized.crop, out_size=_size(spec))
    return center / spec.config.spatial.stride


def _size(spec: TrackerSpec) -> int:
    """Returns the side in pixels of what the filter sees."""
    config = spec.config
    return config.crop_size if config.one_search_region else config.filter_crop_size


def _features(
    spec: TrackerSpec, variables: dict, images: Float[Array, "N S S 3"]
) -> Float[Array, "N h w C"]:
    """Returns what the filter is applied to: of one search region, what is shared."""

    def at_once(images: Float[Array, "N S S 3"]) -> Float[Array, "N h w C"]:
        shared = spec.config.one_search_region
        method = "encode_query" if shared else "filter_features"
        made: Any = spec.network.apply(variables, images, method=method)
        return jnp.asarray(made.pyramid[0] if shared else made)

    def in_turn(images: Float[Array, "N S S 3"]) -> Float[Array, "N h w C"]:
        return jax.lax.map(lambda image: at_once(image[None])[0], images)

    if images.shape[0] == 1:
        return at_once(images)
    # The maps of one image stay in a CPU's caches: a third to a half of the time.
    return jnp.asarray(jax.lax.platform_dependent(images, cpu=in_turn, default=at_once))


def _patch(
    spec: TrackerSpec,
    frame: UInt8[Array, "H W 3"],
    extent_hw: Int[Array, "2"],
    target: Target,
    *,
    times: int,
) -> tuple[Float[Array, "P P 3"], crops.SquareCrop]:
    """Returns the filter's crop around the target, `times` as wide, and its place."""
    config, size = spec.config, times * _size(spec)
    image = frame.astype(jnp.float32) / 255.0
    if config.one_search_region:
        region = segmentation.choose_crop(spec, target, extent_hw, jnp.int32(0))
        crop = region._replace(side=times * region.side)
        return segmentation.sample(spec, image, extent_hw, crop, size), crop
    side = times * crops.search_side(target.size_wh, config.filter_factor)
    crop = crops.filter_crop(target.center_xy, side, out_size=size)
    return crops.sample_crop(image, extent_hw, crop, out_size=size), crop
