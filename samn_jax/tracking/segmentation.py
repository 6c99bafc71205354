"""The appearance half: a search region encoded, segmented and remembered."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

from samn_jax.geometry import boxes, crops
from samn_jax.memory.entry import Entry, Key, Read, Value, cell_shares, make_entry
from samn_jax.models import aggregation
from samn_jax.models import network as network_lib
from samn_jax.models.network import QueryFeatures
from samn_jax.tracking.state import Previous, Target, TrackerSpec


class SearchRegion(NamedTuple):
    """The crop of a frame in which the target is sought, as the network sees it."""

    crop: crops.SquareCrop
    image: Float[Array, "1 S S 3"]
    query: QueryFeatures
    center_xy: Float[Array, "1 2"]  # where the target is thought to be, crop pixels
    inside: Bool[Array, "S S"]  # the pixels that lie in the frame


def choose_crop(
    spec: TrackerSpec,
    target: Target,
    extent_hw: Int[Array, "2"],
    lost_frames: Int[Array, ""],
) -> crops.SquareCrop:
    """Returns the square around the target that the network is to see."""
    config = spec.config
    extent = extent_hw.astype(jnp.float32)
    if config.whole_frame:
        side = jnp.max(extent)
        return crops.SquareCrop(extent[::-1] / 2.0, side, jnp.int32(1))
    side = crops.search_side(target.size_wh, config.search_factor)
    growth = jnp.float32(config.lost_growth) ** lost_frames.astype(jnp.float32)
    widest = jnp.maximum(jnp.max(extent), side)
    side = jnp.minimum(side * growth, widest)
    if config.clamp_crop:
        needed = jnp.max(target.size_wh) * 1.2
        side = jnp.clip(side, max=jnp.maximum(jnp.sqrt(jnp.prod(extent)), needed))
    return crops.segmentation_crop(target.center_xy, side)


def search_region(
    spec: TrackerSpec,
    variables: dict,
    frame: UInt8[Array, "H W 3"],
    extent_hw: Int[Array, "2"],
    target: Target,
    lost_frames: Int[Array, ""],
) -> SearchRegion:
    """Returns the crop around a target and its features."""
    crop = choose_crop(spec, target, extent_hw, lost_frames)
    size = spec.config.crop_size
    image = frame.astype(jnp.float32) / 255.0
    image = sample(spec, image, extent_hw, crop, size)[None]
    query: Any = spec.network.apply(variables, image, method="encode_query")
    center = crops.points_to_crop(target.center_xy, crop, out_size=size)
    return SearchRegion(
        crop, image, query, center[None], _inside(crop, extent_hw, size)
    )


def aim(
    spec: TrackerSpec, region: SearchRegion, center_xy: Float[Array, "2"]
) -> SearchRegion:
    """Returns the region with the target thought to be at a point of the image."""
    size = spec.config.crop_size
    center = crops.points_to_crop(center_xy, region.crop, out_size=size)
    return region._replace(center_xy=center[None])


def sample(
    spec: TrackerSpec,
    image: Float[Array, "H W 3"],
    extent_hw: Int[Array, "2"],
    crop: crops.SquareCrop,
    size: int,
) -> Float[Array, "S S 3"]:
    """Returns a crop as the network is to see it, `size` pixels wide."""
    samples = spec.config.crop_samples
    return crops.sample_mean(image, extent_hw, crop, out_size=size, samples=samples)


def previous_of(
    spec: TrackerSpec,
    prob: Float[Array, "S S"],
    crop: crops.SquareCrop,
    found: Bool[Array, ""],
) -> Previous | None:
    """Returns what the next frame is shown of this one; None if the network is not."""
    if not network_lib.sees_previous(spec.network):
        return None
    small = cell_shares(prob, prob.shape[0] // network_lib.PREVIOUS_STRIDE)
    return Previous(jnp.where(found, small, 0.0), crop)


def seen_again(previous: Previous, crop: crops.SquareCrop) -> Float[Array, "P P"]:
    """Returns the last answer as the crop of a new frame sees it."""
    side = previous.prob.shape[0]
    return crops.recrop(previous.prob, previous.crop, crop, out_size=side)


def segment(
    spec: TrackerSpec,
    variables: dict,
    region: SearchRegion,
    memory: Any,
    previous: Previous | None = None,
) -> tuple[Float[Array, "S S"], Read]:
    """Returns the object probability in the crop, and what was read for it.

    It is 0 outside the frame, as in the first mask: the repeated edge there is no part
    of the target, and would draw it out of the frame.

    Args:
      spec: network and settings.
      variables: weights of the network.
      region: the search region.
      memory: the state of the memory's design.
      previous: what was said of the last frame; None says nothing.
    """
    key = jax.tree.map(lambda x: x[0], region.query.key)
    read = spec.memory.read(memory, key, spec.reader(variables))
    readout = jax.tree.map(lambda x: x[None], read.readout)
    args: tuple[Any, ...] = (readout, region.query, region.center_xy)
    if previous is not None:
        args = (*args, seen_again(previous, region.crop)[None])
    log_odds = spec.network.apply(variables, *args, method="decode")
    prob = jnp.where(region.inside, jax.nn.sigmoid(log_odds[0]), 0.0)
    # A decoder may swallow NaN (a maximum does on a CPU) and be certain of nothing.
    parts = [jnp.isnan(x).any() for x in jax.tree.leaves(read.readout)]
    return jnp.where(jnp.stack(parts).any(), jnp.nan, prob), read


def encode(
    spec: TrackerSpec, variables: dict, region: SearchRegion, mask: Float[Array, "S S"]
) -> tuple[Key, Value]:
    """Returns the key and value that remember the crop with this mask."""
    pair = spec.network.apply(
        variables, region.image, region.query, mask[None], method="encode_memory"
    )
    return jax.tree.map(lambda x: x[0], pair)


def remember(
    spec: TrackerSpec,
    variables: dict,
    region: SearchRegion,
    mask: Float[Array, "S S"],
    facts: dict[str, Array],
) -> Entry:
    """Returns what the memory is told of the crop with this mask.

    `facts` are the fields of `Entry` that the network does not know.
    """
    key, value = encode(spec, variables, region, mask)
    return make_entry(key, value, mask, crop=region.crop, **facts)


# It has the arguments of `remember`: which is called depends on who marked the frame.
def remember_if_wanted(
    spec: TrackerSpec,
    variables: dict,
    region: SearchRegion,
    mask: Float[Array, "S S"],
    facts: dict[str, Array],
) -> Entry:
    """Returns what `remember` does, key and value zero if the memory wants neither."""
    encoded = functools.partial(encode, spec, variables, region, mask)
    shapes = jax.eval_shape(encoded)
    none: tuple[Key, Value] = jax.tree.map(
        lambda x: jnp.zeros(x.shape, x.dtype), shapes
    )
    entry = make_entry(none[0], none[1], mask, crop=region.crop, **facts)
    wanted = spec.memory.wants(entry)
    if isinstance(wanted, bool):
        key, value = encoded() if wanted else none
    else:
        key, value = jax.lax.cond(wanted, encoded, lambda: none)
    return entry._replace(key=key, value=value)


def box_to_mask(
    spec: TrackerSpec,
    variables: dict,
    region: SearchRegion,
    box: Float[Array, "S S"],
) -> Float[Array, "S S"]:
    """Returns the object's probability in a first frame of which only a box is known.

    The frame is remembered with the filled box as its mask and segmented with that
    memory; what lies outside the dilated box is cut off. Where nothing is left, the box
    itself is the mask. In each further pass (`box_passes`) the mask of the pass before
    takes the place of the box.
    """
    near = _near_box(box, spec.config.dilate_box)
    least = 0.1 * jnp.sum(box)

    def refined(_: Int[Array, ""], mask: Float[Array, "S S"]) -> Float[Array, "S S"]:
        prob = jnp.where(near, _segmented_as(spec, variables, region, mask), 0.0)
        left = jnp.sum((prob > spec.config.threshold_from_box).astype(jnp.float32))
        return jnp.where(left > least, prob, mask)

    return jax.lax.fori_loop(0, spec.config.box_passes, refined, box)


def _segmented_as(
    spec: TrackerSpec,
    variables: dict,
    region: SearchRegion,
    mask: Float[Array, "S S"],
) -> Float[Array, "S S"]:
    """Returns what a frame shows to a memory of that frame itself with a mask."""
    facts = {"frame_idx": jnp.zeros((), jnp.int32), "given": jnp.ones((), bool)}
    entry = remember(spec, variables, region, mask, facts)
    memory = spec.memory.init(entry, spec.reader(variables))
    prob, _ = segment(spec, variables, region, memory)
    return aggregation.join_one(prob, kind=spec.config.aggregation)


def _near_box(box: Float[Array, "S S"], factor: float) -> Bool[Array, "S S"]:
    """Returns which pixels lie in the box around a mask, enlarged by a factor."""
    xyxy = boxes.mask_to_xyxy(box > 0.5)
    margin = (xyxy[2:] - xyxy[:2]) * (factor - 1.0) / 2.0
    places = jnp.arange(box.shape[0], dtype=jnp.float32) + 0.5
    low, high = xyxy[:2] - margin, xyxy[2:] + margin
    columns = (places > low[0]) & (places < high[0])
    rows = (places > low[1]) & (places < high[1])
    return rows[:, None] & columns[None, :]


def _inside(
    crop: crops.SquareCrop, extent_hw: Int[Array, "2"], size: int
) -> Bool[Array, "S S"]:
    """Returns which pixels of a crop `size` pixels wide lie in the frame."""
    offset = (jnp.arange(size, dtype=jnp.float32) + 0.5) * (crop.side / size)
    left, top = crop.center_xy - crop.side / 2.0
    height, width = extent_hw.astype(jnp.float32)
    rows = (top + offset >= 0.0) & (top + offset < height)
    columns = (left + offset >= 0.0) & (left + offset < width)
    return rows[:, None] & columns[None, :]
