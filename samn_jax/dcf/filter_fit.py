"""The filter's fit: to the first frame with its projection, and alone later on."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax import varying
from samn_jax.dcf import correlation, gauss_newton, projection
from samn_jax.dcf.sample_memory import SampleMemory
from samn_jax.dcf.spatial_config import SpatialMemoryConfig

# Of how many samples the filter is refined, if no more are in use.
PREFIXES = (64, 128)


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
    """The filter after one short conjugate-gradient run over the sample memory.

    Its slots are filled from the first on. On CPUs those that were never used are left
    out: they weigh nothing and the sums are the same, in a fifth of the time at first.
    """
    refine = functools.partial(_refine, config)
    return jnp.asarray(
        jax.lax.platform_dependent(
            memory,
            target_filter,
            cpu=functools.partial(_refine_used, refine),
            default=refine,
        )
    )


def _refine_used(
    refine: Callable[[SampleMemory, Array], Array],
    memory: SampleMemory,
    target_filter: Float[Array, "k k K"],
) -> Float[Array, "k k K"]:
    """What `refine` does, with the fewest slots that hold all samples in use."""
    capacity = memory.weights.shape[0]
    sizes = [size for size in PREFIXES if size < capacity]

    def with_slots(size: int) -> Callable[[SampleMemory, Array], Array]:
        def branch(memory: SampleMemory, target_filter: Array) -> Array:
            first = memory._replace(
                samples=memory.samples[:size],
                labels=memory.labels[:size],
                weights=memory.weights[:size],
            )
            return refine(first, target_filter)

        return branch

    places = jnp.arange(1, capacity + 1, dtype=jnp.int32)
    used = jnp.max(jnp.where(memory.weights > 0, places, 0))
    choice = jnp.sum((used > jnp.array(sizes, jnp.int32)).astype(jnp.int32))
    branches = [with_slots(size) for size in (*sizes, capacity)]
    return jnp.asarray(jax.lax.switch(choice, branches, memory, target_filter))


def _refine(
    config: SpatialMemoryConfig,
    memory: SampleMemory,
    target_filter: Float[Array, "k k K"],
) -> Float[Array, "k k K"]:
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
