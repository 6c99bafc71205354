"""The filter's fit: to the first frame with its projection, and alone later on."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax import varying
from samn_jax.dcf import correlation, gauss_newton, projection
from samn_jax.dcf.sample_memory import SampleMemory
from samn_jax.dcf.spatial_config import SpatialMemoryConfig


def fit_first_frame(
    config: SpatialMemoryConfig, samples: correlation.LabeledSamples
) -> correlation.JointParams:
    """Filter (from zero) and projection (from PCA), fitted to the samples jointly."""
    matrix = projection.pca_projection(
        samples.features, num_components=config.num_projected
    )
    kernel = (config.kernel_size, config.kernel_size, matrix.shape[1])
    result = gauss_newton.gauss_newton(
        correlation.joint_problem(
            samples,
            filter_reg=config.filter_reg,
            projection_reg=config.projection_reg,
            mlu_alpha=config.mlu_alpha,
        ),
        varying.like(correlation.JointParams(jnp.zeros(kernel), matrix), samples),
        preconditioner=correlation.JointParams._make(
            (config.filter_reg, config.projection_reg)
        ),
        num_steps=config.first_steps,
        num_cg_iterations=config.first_cg_iterations,
    )
    return result.params


def refine_filter(
    config: SpatialMemoryConfig,
    memory: SampleMemory,
    target_filter: Float[Array, "k k K"],
) -> Float[Array, "k k K"]:
    """The filter after one short conjugate-gradient run over the sample memory."""
    samples = correlation.LabeledSamples(memory.samples, memory.labels, memory.weights)
    result = gauss_newton.gauss_newton(
        correlation.filter_problem(
            samples, filter_reg=config.filter_reg, mlu_alpha=config.mlu_alpha
        ),
        target_filter,
        # A scalar preconditioner has no effect on conjugate gradient.
        preconditioner=1.0,
        num_steps=1,
        num_cg_iterations=config.cg_iterations,
    )
    return result.params
