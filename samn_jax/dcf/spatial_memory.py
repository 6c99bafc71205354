"""Spatial memory (SMN): the target's correlation filter, learned and used online.

Paper section 3.2.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from samn_jax.dcf import correlation, filter_fit, labels, peaks
from samn_jax.dcf import sample_memory as sample_lib
from samn_jax.dcf.spatial_config import SpatialMemoryConfig

# Keeps the uncertainty finite where nothing in the crop scores above zero.
_SMALLEST_MAXIMUM = 1e-6


class SpatialMemory(NamedTuple):
    """All that is remembered of where one target responds; M = num_maxima."""

    filter: Float[Array, "k k K"]
    projection: Float[Array, "C K"]
    samples: sample_lib.SampleMemory
    sigma: Float[Array, ""]  # of the labels, in cells; fixed by the first frame
    maxima: Float[Array, " M"]  # ring of the last accepted score maxima
    num_maxima: Int[Array, ""]  # written so far, counting on past M
    num_frames: Int[Array, ""]  # seen so far, the first one included
    last_sample: Int[Array, ""]  # what `num_frames` was at the newest; 0 before any


class Response(NamedTuple):
    """What the filter says of one crop."""

    offset_xy: Float[Array, "2"]  # crop pixels from the crop's center to the target
    maximum: Float[Array, ""]  # of the windowed scores; about 1 when all is well
    hard_negative: Bool[Array, ""]  # a distractor scores nearly as high
    uncertainty: Float[Array, ""]  # mean accepted maximum / this one; 0 early on
    score_map: Float[Array, "H W"]  # windowed, one entry per crop pixel
    sample: Float[Array, "h w K"]  # projected features, to be remembered if accepted


def normalize_samples(
    features: Float[Array, "*batch h w C"],
) -> Float[Array, "*batch h w C"]:
    """Every sample divided by the root mean square of all its elements."""
    mean_square = jnp.mean(features**2, axis=(-3, -2, -1), keepdims=True)
    # An all-zero sample (a black crop) stays zero.
    return features * jax.lax.rsqrt(jnp.maximum(mean_square, 1e-20))


def _project(
    features: Float[Array, "*batch h w C"], matrix: Float[Array, "C K"]
) -> Float[Array, "*batch h w K"]:
    return jnp.matmul(
        features,
        jnp.broadcast_to(matrix, (*features.shape[:-3], 1, *matrix.shape)),
        precision=jax.lax.Precision.HIGHEST,
    )


def init_spatial_memory(
    config: SpatialMemoryConfig,
    features: Float[Array, "N h w C"],
    target_centers_cells: Float[Array, "N 2"],
    target_size_cells: Float[Array, "2"],
) -> SpatialMemory:
    """A memory fitted to the (augmented) samples of the first frame.

    Args:
        config: Settings; static under jit.
        features: Stride-16 features of N crops, of any scale.
        target_centers_cells: Where the target's center (x, y) is in each crop, in
            cells from the crop's top-left corner.
        target_size_cells: The target's (height, width) in cells.

    Raises:
        InputError: More samples than `config.capacity`.
    """
    num_samples, height, width, _ = features.shape
    sigma = labels.label_sigma(target_size_cells, sigma_factor=config.sigma_factor)
    label_maps = jax.vmap(
        lambda center: labels.gaussian_label(
            center, sigma, size=(height, width), kernel_size=config.kernel_size
        )
    )(target_centers_cells)
    features = normalize_samples(features)
    weights = jnp.full(num_samples, 1.0 / num_samples)
    params = filter_fit.fit_first_frame(
        config, correlation.LabeledSamples(features, label_maps, weights)
    )
    return SpatialMemory(
        filter=params.filter,
        projection=params.projection,
        samples=sample_lib.init_sample_memory(
            _project(features, params.projection), label_maps, capacity=config.capacity
        ),
        sigma=sigma,
        # The first frame counts as a maximum of 1, the top of its label.
        maxima=jnp.zeros(config.num_maxima).at[0].set(1.0),
        num_maxima=jnp.int32(1),
        num_frames=jnp.int32(1),
        last_sample=jnp.int32(0),
    )


def _uncertainty(
    config: SpatialMemoryConfig, memory: SpatialMemory, maximum: Float[Array, ""]
) -> Float[Array, ""]:
    """Mean of the last accepted maxima over this one; 0 in the first frames."""
    written = jnp.minimum(memory.num_maxima, config.num_maxima)
    mean = jnp.sum(memory.maxima) / written.astype(jnp.float32)
    uncertainty = mean / jnp.maximum(maximum, _SMALLEST_MAXIMUM)
    return jnp.where(memory.num_frames < config.trusted_frames, 0.0, uncertainty)


def respond(
    config: SpatialMemoryConfig,
    memory: SpatialMemory,
    features: Float[Array, "h w C"],
    *,
    target_size_px: Float[Array, "2"],
) -> Response:
    """Where the target is in a new crop, and how far that is to be trusted.

    Args:
        config: Settings; static under jit.
        memory: State after the previous frame.
        features: Stride-16 features of the crop, of any scale; h and w as in the
            first frame's samples.
        target_size_px: The target's (height, width) in crop pixels.
    """
    sample = _project(normalize_samples(features), memory.projection)
    scores = correlation.correlate(sample[None], memory.filter)[0]
    score_map = peaks.upsample_scores(
        scores, stride=config.stride, kernel_size=config.kernel_size
    )
    score_map = jnp.multiply(score_map, peaks.hann_window(score_map.shape))
    peak = peaks.find_peak(
        score_map,
        target_size_px,
        neighborhood_scale=config.neighborhood_scale,
        hard_negative_ratio=config.hard_negative_ratio,
    )
    return Response(
        offset_xy=peak.offset_xy,
        maximum=peak.maximum,
        hard_negative=peak.hard_negative,
        uncertainty=_uncertainty(config, memory, peak.maximum),
        score_map=score_map,
        sample=sample,
    )


def remember_in(
    config: SpatialMemoryConfig,
    memories: SpatialMemory,
    response: Response,
    index_and_center: tuple[Int[Array, ""], Float[Array, "2"]],
    *,
    accepted: Bool[Array, ""],
) -> SpatialMemory:
    """Several memories, one with a frame's sample and maximum; its filter is as it was.

    Args:
        config: Settings; static under jit.
        memories: Every array has an axis more, in front.
        response: As for `update_spatial_memory`.
        index_and_center: Which memory, and the target's center in cells.
        accepted: Whether to learn from the frame.
    """
    index, target_center_cells = index_and_center
    label = labels.gaussian_label(
        target_center_cells,
        memories.sigma[index],
        size=response.sample.shape[:2],
        kernel_size=config.kernel_size,
    )
    samples = sample_lib.write_in(
        memories.samples,
        index,
        response.sample,
        label,
        learning_rate=jnp.where(
            response.hard_negative,
            config.hard_negative_learning_rate,
            config.learning_rate,
        ),
        accepted=accepted,
    )
    slot = memories.num_maxima[index] % config.num_maxima
    maximum = jnp.where(accepted, response.maximum, memories.maxima[index, slot])
    num_frames = memories.num_frames[index] + 1
    newest = jnp.where(accepted, num_frames, memories.last_sample[index])
    return memories._replace(
        samples=samples,
        maxima=memories.maxima.at[index, slot].set(maximum),
        num_maxima=memories.num_maxima.at[index].add(accepted.astype(jnp.int32)),
        num_frames=memories.num_frames.at[index].set(num_frames),
        last_sample=memories.last_sample.at[index].set(newest),
    )


def refinement_due(
    config: SpatialMemoryConfig, memory: SpatialMemory, response: Response
) -> Bool[Array, ""]:
    """Whether the filter is to be refined after a frame that was remembered.

    Every `train_every_frames` frames, and at once on a hard negative.
    """
    regular = (memory.num_frames - 1) % config.train_every_frames == 0
    return regular | response.hard_negative


def refine_if(
    config: SpatialMemoryConfig, memory: SpatialMemory, due: Bool[Array, ""]
) -> SpatialMemory:
    """The memory with its filter refined, or as it was.

    Under `vmap` the refinement would be computed in either case.
    """
    target_filter = jax.lax.cond(
        due,
        lambda memory: filter_fit.refine_filter(config, memory.samples, memory.filter),
        lambda memory: memory.filter,
        memory,
    )
    return memory._replace(filter=target_filter)


def update_spatial_memory(
    config: SpatialMemoryConfig,
    memory: SpatialMemory,
    response: Response,
    target_center_cells: Float[Array, "2"],
    *,
    accepted: Bool[Array, ""],
) -> SpatialMemory:
    """The memory after a frame; call once per frame, accepted or not.

    It remembers the frame, and refines its filter where that is due.

    Args:
        config: Settings; static under jit.
        memory: State that `respond` was given.
        response: What `respond` returned for this frame.
        target_center_cells: Where the target's center (x, y) was found to be, in
            cells from the top-left corner of the crop that was responded to.
        accepted: Whether the frame is certain enough to learn from.
    """
    memories = jax.tree.map(lambda x: x[None], memory)
    place = (jnp.int32(0), target_center_cells)
    memories = remember_in(config, memories, response, place, accepted=accepted)
    memory = jax.tree.map(lambda x: x[0], memories)
    return refine_if(config, memory, refinement_due(config, memory, response))
