"""A frame in which a person has marked the target: the first one, or a correction."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, UInt8

from samn_jax.geometry import boxes, crops
from samn_jax.memory.entry import Entry
from samn_jax.tracking import measure, segmentation
from samn_jax.tracking.state import Prediction, Target, TrackerSpec


class Given(NamedTuple):
    """What such a frame shows of the target."""

    target: Target
    region: segmentation.SearchRegion
    prob: Float[Array, "S S"]  # of the object, in the crop
    measured: measure.Measurement


def observe(
    spec: TrackerSpec,
    variables: dict,
    frame: UInt8[Array, "H W 3"],
    extent_hw: Int[Array, "2"],
    mask: Float[Array, "H W"],
    *,
    from_mask: bool,
) -> Given:
    """Returns what the frame shows of the target.

    `tracker.init_tracker` takes the same arguments: this is its first half.

    Args:
      spec: network and settings.
      variables: weights of the network.
      frame: RGB, padded to its size bucket.
      extent_hw: true height and width of the frame.
      mask: the object, 0 or 1; for a box the filled box. It must not be empty.
      from_mask: whether `mask` is the object's own outline. Without it the frame is
        segmented with the box as its mask, and that mask is the object's.
    """
    target = _target(mask)
    lost_frames = jnp.zeros((), jnp.int32)
    region = segmentation.search_region(
        spec, variables, frame, extent_hw, target, lost_frames
    )
    crop = region.crop
    size = spec.config.crop_size
    prob = crops.sample_crop(mask, extent_hw, crop, out_size=size, border="zero")
    if not from_mask:
        prob = segmentation.box_to_mask(spec, variables, region, prob)
    threshold = measure.threshold(spec.config, from_mask)
    measured = measure.measure(spec.config, prob, crop, threshold)
    area = jnp.where(measured.found, measured.area, target.area)
    target = target._replace(area=area, first_area=area)
    return Given(target, region, prob, measured)


def remember(
    spec: TrackerSpec, variables: dict, given: Given, frame_idx: Int[Array, ""]
) -> Entry:
    """Returns what the memory is told of the frame; its place is certain."""
    measured = given.measured
    facts = {
        "frame_idx": frame_idx,
        "found": measured.found,
        "given": jnp.ones((), bool),
        "due": spec.config.memory.due(frame_idx),
        "confidence": measured.confidence,
        "uncertainty": jnp.zeros((), jnp.float32),
        "area": measured.area,
    }
    return segmentation.remember(spec, variables, given.region, given.prob, facts)


def report(
    spec: TrackerSpec, given: Given, mask: Float[Array, "H W"], *, from_mask: bool
) -> Prediction:
    """Returns the answer to the frame: the given mask, or what was made of a box."""
    answer = measure.report(
        spec.config, given.prob, given.measured, given.region.crop, mask.shape
    )
    return answer._replace(mask=mask) if from_mask else answer


def _target(mask: Float[Array, "H W"]) -> Target:
    """Returns the target as the mask shows it."""
    box = boxes.xyxy_to_xywh(boxes.mask_to_xyxy(mask > 0.5))
    center, size = box[:2] + box[2:] / 2.0, jnp.maximum(box[2:], 4.0)
    area = jnp.sum((mask > 0.5).astype(jnp.float32))
    return Target(center, size, area, size, area)
