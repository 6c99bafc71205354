"""Correlation of features with the target filter, and the residuals to minimize.

The filter is small and has one output channel, so a convolution wastes the matrix
units: instead every cell is multiplied with all taps at once (one matrix product) and
the products are shifted and summed. The transpose gathers shifted residuals and is
again one matrix product. On a CPU both are 5-12 times faster than XLA's convolution.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.dcf import gauss_newton as gn_lib

_FULL_PRECISION = jax.lax.Precision.HIGHEST

# The first-frame problem has a few eigenvalues far above the rest. Once conjugate
# gradient has converged in those, round-off brings their directions back, an iteration
# sooner or later depending on the order of summation: on some data the loss after
# three steps then varies by 1 %, with the authors' float32 solver as with this one.
# Rounding JᵀJ d to a few mantissa bits less makes that happen early and so at the same
# iteration more often; with far fewer bits (12) the fit itself becomes worse.
_MANTISSA_BITS = 17


def _padding(kernel_size: int) -> tuple[int, int]:
    """Zero cells before and after an axis: an even filter reaches one more before."""
    return kernel_size // 2, kernel_size - 1 - kernel_size // 2


def correlate(
    features: Float[Array, "N h w C"], target_filter: Float[Array, "k k C"]
) -> Float[Array, "N h w"]:
    """Filter response at every cell, zeros outside the map.

    score[i, j] = Σ_ab filter[a, b] · features[i + a − k//2, j + b − k//2]. So the
    output of an even filter belongs to the top-left corner of its cell.
    """
    num_samples, height, width, channels = features.shape
    size = target_filter.shape[0]
    taps = jnp.einsum(
        "pc,tc->pt",
        features.reshape(-1, channels),
        target_filter.reshape(-1, channels),
        precision=_FULL_PRECISION,
    ).reshape(num_samples, height, width, size, size)
    pad = _padding(size)
    taps = jnp.pad(taps, ((0, 0), pad, pad, (0, 0), (0, 0)))
    shifted = (
        taps[:, a : a + height, b : b + width, a, b]
        for a in range(size)
        for b in range(size)
    )
    return sum(shifted, jnp.zeros((), features.dtype))


def correlate_transpose(
    features: Float[Array, "N h w C"],
    scores: Float[Array, "N h w"],
    *,
    kernel_size: int,
) -> Float[Array, "k k C"]:
    """Transpose of `correlate` in the filter: the features summed with `scores`."""
    _, height, width, channels = features.shape
    before, after = _padding(kernel_size)
    # Tap (a, b) of the cell (i, j) went to the score at (i + k//2 − a, j + k//2 − b).
    padded = jnp.pad(scores, ((0, 0), (after, before), (after, before)))
    last = kernel_size - 1
    gathered = jnp.stack(
        [
            padded[:, last - a : last - a + height, last - b : last - b + width]
            for a in range(kernel_size)
            for b in range(kernel_size)
        ]
    )
    product = jnp.matmul(
        gathered.reshape(kernel_size**2, -1),
        features.reshape(-1, channels),
        precision=_FULL_PRECISION,
    )
    return product.reshape(kernel_size, kernel_size, channels)


def mlu(
    score: Float[Array, "..."], *, alpha: float
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Response activation and its slope: x above 0, alpha·(exp(x / alpha) − 1) below.

    Scores of the background may be as negative as they like: below −alpha the
    residual no longer changes. It is elu(leaky_relu(x, 1/alpha), alpha), smooth at 0.
    """
    negative = jnp.minimum(score, 0.0) / alpha
    positive = score > 0
    value = jnp.where(positive, score, alpha * jnp.expm1(negative))
    return value, jnp.where(positive, 1.0, jnp.exp(negative))


class FilterResiduals(NamedTuple):
    """Residuals when only the filter is unknown."""

    data: Float[Array, "N h w"]
    filter: Float[Array, "k k K"]


class JointParams(NamedTuple):
    """Unknowns of the first-frame fit."""

    filter: Float[Array, "k k K"]
    projection: Float[Array, "C K"]  # 1 × 1 convolution in front of the filter


class JointResiduals(NamedTuple):
    """Residuals when filter and projection are unknown."""

    data: Float[Array, "N h w"]
    params: JointParams


class LabeledSamples(NamedTuple):
    """Weighted training samples of the filter."""

    features: Float[Array, "N h w C"]
    labels: Float[Array, "N h w"]
    weights: Float[Array, " N"]  # sum to 1; 0 leaves a sample out


def _data_terms(
    samples: LabeledSamples, target_filter: Float[Array, "k k C"], alpha: float
) -> tuple[Float[Array, "N h w"], Float[Array, "N h w"]]:
    """Data residuals sqrt(weight)·(mlu(score) − label) and their slope in score."""
    response, slope = mlu(correlate(samples.features, target_filter), alpha=alpha)
    root_weights = jnp.sqrt(samples.weights)[:, None, None]
    return root_weights * (response - samples.labels), root_weights * slope


def filter_problem(
    samples: LabeledSamples, *, filter_reg: float, mlu_alpha: float
) -> Callable[[Float[Array, "k k C"]], gn_lib.Linearization]:
    """The least-squares problem of the filter alone, on already projected samples.

    Loss: Σ weight·(mlu(score) − label)² + filter_reg·‖filter‖².
    """
    root_reg = filter_reg**0.5

    def linearize(target_filter: Float[Array, "k k C"]) -> gn_lib.Linearization:
        data, slope = _data_terms(samples, target_filter, mlu_alpha)

        def push_forward(change: Float[Array, "k k C"]) -> FilterResiduals:
            score_change = slope * correlate(samples.features, change)
            return FilterResiduals(score_change, root_reg * change)

        def pull_back(residuals: FilterResiduals) -> Float[Array, "k k C"]:
            pulled = correlate_transpose(
                samples.features,
                slope * residuals.data,
                kernel_size=target_filter.shape[0],
            )
            return pulled + root_reg * residuals.filter

        residuals = FilterResiduals(data, root_reg * target_filter)
        return gn_lib.Linearization(residuals, push_forward, pull_back)

    return linearize


def _full_filter(params: JointParams) -> Float[Array, "k k C"]:
    """Projection and filter as one filter on the unprojected channels."""
    return jnp.einsum(
        "abk,ck->abc", params.filter, params.projection, precision=_FULL_PRECISION
    )


def _round_mantissa(array: Float[Array, "..."]) -> Float[Array, "..."]:
    """The array in float32, rounded to a few mantissa bits less than it holds."""
    return jax.lax.reduce_precision(
        array, exponent_bits=8, mantissa_bits=_MANTISSA_BITS
    )


def joint_problem(
    samples: LabeledSamples,
    *,
    filter_reg: float,
    projection_reg: float,
    mlu_alpha: float,
) -> Callable[[JointParams], gn_lib.Linearization]:
    """The least-squares problem of filter and projection together (first frame).

    Loss: Σ weight·(mlu(score) − label)² + filter_reg·‖filter‖²
    + projection_reg·‖projection‖². The score depends on both through their product
    only, so derivatives pass through that full filter: the samples are never
    projected, which saves a factor of K / k² of the work.
    """
    root_regs = JointParams(filter_reg**0.5, projection_reg**0.5)

    def regularize(params: JointParams) -> JointParams:
        return jax.tree.map(jnp.multiply, root_regs, params)

    def linearize(params: JointParams) -> gn_lib.Linearization:
        full_filter, combine_forward = jax.linearize(_full_filter, params)
        combine_transpose = jax.linear_transpose(combine_forward, params)
        data, slope = _data_terms(samples, full_filter, mlu_alpha)

        def push_forward(change: JointParams) -> JointResiduals:
            scores = correlate(samples.features, combine_forward(change))
            return JointResiduals(slope * scores, regularize(change))

        def pull_back(residuals: JointResiduals) -> JointParams:
            pulled = correlate_transpose(
                samples.features,
                slope * residuals.data,
                kernel_size=params.filter.shape[0],
            )
            (pulled_params,) = combine_transpose(pulled)
            pulled_params = jax.tree.map(
                jnp.add, pulled_params, regularize(residuals.params)
            )
            return jax.tree.map(_round_mantissa, pulled_params)

        residuals = JointResiduals(data, regularize(params))
        return gn_lib.Linearization(residuals, push_forward, pull_back)

    return linearize
