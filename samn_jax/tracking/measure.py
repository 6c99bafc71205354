"""From the network's probabilities to the target's place, size and boxes."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from samn_jax.geometry import boxes, components, crops, rectangle_fit, rectangles
from samn_jax.tracking.state import Prediction, Target, TrackerConfig, floats


class Measurement(NamedTuple):
    """The target's component in a crop."""

    component: Bool[Array, "S S"]
    found: Bool[Array, ""]
    box: rectangles.RotatedBox  # of least area, crop pixels
    center_xy: Float[Array, "2"]  # of its minimum-area rectangle, image pixels
    area: Float[Array, ""]  # image pixels
    confidence: Float[Array, ""]  # mean probability in the component; 0 if not found


def threshold(
    config: TrackerConfig, from_mask: Bool[Array, ""] | bool
) -> Float[Array, ""]:
    """Returns the object probability above which a pixel is the target's."""
    values = floats(config.threshold_from_box, config.threshold_from_mask)
    return values[jnp.asarray(from_mask).astype(jnp.int32)]


def measure(
    config: TrackerConfig,
    prob: Float[Array, "S S"],
    crop: crops.SquareCrop,
    threshold: Float[Array, ""],
) -> Measurement:
    """Returns what the largest component above the threshold says of the target."""
    component, count = components.largest_component(
        prob > threshold, min_area=config.min_area_px
    )
    box = rectangles.minimum_area_box(component)
    center = crops.points_to_image(box.center_xy, crop, out_size=prob.shape[0])
    pixels = crop.side / prob.shape[0]
    area = count.astype(jnp.float32) * pixels**2
    inside = jnp.sum(jnp.where(component, prob, 0.0))
    confidence = inside / jnp.maximum(count.astype(jnp.float32), 1.0)
    confidence = jnp.where(count > 0, confidence, 0.0)
    return Measurement(component, count > 0, box, center, area, confidence)


def update_target(
    target: Target,
    measured: Measurement,
    max_step: Float[Array, ""],
    may_scale: Bool[Array, ""],
    config: TrackerConfig,
) -> Target:
    """Returns the target after a frame; as it was if it was not found.

    Its size follows the square root of the mask's area, relative to the first frame, by
    at most the share `max_step` a frame, and down by no more than `scale_step_down`:
    a mask that misses a part would take the crop off it, and then miss the next.
    """
    found = measured.found
    ratio = measured.area / jnp.maximum(target.area, 1.0)
    limit = config.max_area_ratio
    plausible = (ratio < limit) & (ratio > 1.0 / limit)
    growth = jnp.sqrt(measured.area / jnp.maximum(target.first_area, 1.0))
    wanted = target.first_size_wh[0] * growth / target.size_wh[0]
    lowest = 1.0 - jnp.minimum(max_step, config.scale_step_down)
    step = jnp.clip(wanted, lowest, 1.0 + max_step)
    step = jnp.where(found & plausible & may_scale, step, 1.0)
    return target._replace(
        center_xy=jnp.where(found, measured.center_xy, target.center_xy),
        size_wh=jnp.maximum(target.size_wh * step, 4.0),
        area=jnp.where(found, measured.area, target.area),
    )


def report(
    config: TrackerConfig,
    prob: Float[Array, "S S"],
    measured: Measurement,
    crop: crops.SquareCrop,
    frame_hw: tuple[int, ...],
) -> Prediction:
    """Returns the frame's answer without its uncertainty, which is left 0.

    The confidence is NaN if a probability is, and not that of a target that is lost.
    """
    size = prob.shape[0]
    answer = prob
    if config.keep_component:
        answer = jnp.where(measured.component, prob, 0.0)
    filled = components.fill_component(measured.component)
    fitted = rectangle_fit.fit_box(filled, measured.box)
    polygon = crops.points_to_image(rectangles.corners(fitted), crop, out_size=size)
    corners = boxes.mask_to_xyxy(measured.component).reshape(2, 2)
    corners = crops.points_to_image(corners, crop, out_size=size)
    found = measured.found
    return Prediction(
        mask=crops.paste_crop(answer, crop, image_hw=frame_hw),
        polygon=jnp.where(found, polygon, 0.0),
        box_xywh=jnp.where(found, boxes.xyxy_to_xywh(corners.reshape(4)), 0.0),
        confidence=jnp.where(jnp.isnan(prob).any(), jnp.nan, measured.confidence),
        uncertainty=jnp.zeros((), jnp.float32),
    )
