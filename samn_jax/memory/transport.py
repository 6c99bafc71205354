"""Optimal transport between weighted sets: the distance of the memory machine.

The earth mover's distance is the least cost of carrying one set's mass onto the other's
(DeepEMD, CVPR 2020). It is solved with an entropic penalty by Sinkhorn's iterations, a
fixed number of them, so that it compiles once, batches by `vmap` and differentiates.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from samn_jax import varying

# Sinkhorn iterations between two returns to the log domain.
ITERATIONS_PER_ROUND = 20
# Scalings stay within this factor of 1 in a round, and so products within float32.
_SCALING_LIMIT = 1e12
# Below this norm a vector counts as zero, and its cosine with anything as 0.
_MIN_NORM = 1e-6


class Transport(NamedTuple):
    """How the mass of a source set is carried onto a target set."""

    plan: Float[Array, "n m"]  # mass from source cell to target cell, sums to 1
    cost: Float[Array, ""]  # Σ plan · cost


def cosine_cost(
    source: Float[Array, "n c"], target: Float[Array, "m c"]
) -> Float[Array, "n m"]:
    """1 − cosine of every pair, in [0, 2]; 1 where a vector is zero."""
    return 1.0 - unit_vectors(source) @ unit_vectors(target).T


def unit_vectors(vectors: Float[Array, "n c"]) -> Float[Array, "n c"]:
    """The vectors in float32 at length 1, and zero where they are zero."""
    vectors = vectors.astype(jnp.float32)
    squared = jnp.sum(jnp.square(vectors), axis=-1, keepdims=True)
    return vectors * lax.rsqrt(jnp.maximum(squared, _MIN_NORM**2))


def solve_transport(
    cost: Float[Array, "n m"],
    source_weights: Float[Array, " n"],
    target_weights: Float[Array, " m"],
    *,
    epsilon: float | Float[Array, ""],
    iterations: int,
) -> Transport:
    """The entropic transport plan between two weighted sets, and its cost.

    Minimizes ⟨P, cost⟩ + ε·KL(P ‖ source ⊗ target) by stabilized log-domain Sinkhorn
    (Schmitzer 2019): each round computes one potential by log-sum-exp, then iterates on
    the kernel by matrix-vector products, several times faster than exponentials.

    At convergence the cost exceeds the earth mover's distance by at most ε times the
    smaller entropy of the two weightings (≤ ε·log n); between equal sets it is this
    bias, not 0. The source's masses are always met exactly; the target's to the
    convergence reached. Before convergence the cost may fall below the exact one.

    Args:
      cost: of carrying one unit of mass between two cells, for example `cosine_cost`.
      source_weights: masses ≥ 0 that sum to 1; zeros are allowed.
      target_weights: the same for the target.
      epsilon: strength of the entropic penalty, in units of the cost. Smaller is
          closer to the exact distance and converges more slowly; a potential moves
          by at most 28 epsilon a round.
      iterations: rounded up to whole rounds of `ITERATIONS_PER_ROUND`.

    Returns:
      Plan and cost in float32, differentiable in all three arrays.
    """
    scaled_cost = cost.astype(jnp.float32) / epsilon
    source = source_weights.astype(jnp.float32)
    target = target_weights.astype(jnp.float32)

    def solve_round(
        target_potential: Float[Array, " m"], _: None
    ) -> tuple[Float[Array, " m"], None]:
        kernel = _gibbs_kernel(scaled_cost, target, target_potential)
        scaling = _scale(kernel, source, target)
        return target_potential + jnp.log(scaling), None

    rounds = -(-iterations // ITERATIONS_PER_ROUND)
    start = varying.like(jnp.zeros_like(target), (source, scaled_cost))
    target_potential, _ = lax.scan(solve_round, start, None, length=rounds)
    kernel = _gibbs_kernel(scaled_cost, target, target_potential)
    plan = source[:, None] * target[None, :] * kernel
    return Transport(plan, jnp.sum(plan * cost.astype(jnp.float32)))


def _gibbs_kernel(
    scaled_cost: Float[Array, "n m"],
    target: Float[Array, " m"],
    target_potential: Float[Array, " m"],
) -> Float[Array, "n m"]:
    """exp(f + g − cost/ε) with the f that makes every row's mass, over target, 1."""
    log_kernel = target_potential[None, :] - scaled_cost
    has_mass = (target > 1.0 / _SCALING_LIMIT)[None, :]
    row_max = jnp.max(log_kernel, axis=1, where=has_mass, initial=-jnp.inf)
    log_kernel = log_kernel - lax.stop_gradient(row_max)[:, None]
    # Only targets with next to no mass exceed the maximum: bounded, 0 · it stays 0.
    kernel = jnp.exp(jnp.minimum(log_kernel, jnp.log(_SCALING_LIMIT)))
    return kernel / (kernel @ target)[:, None]


def _scale(
    kernel: Float[Array, "n m"],
    source: Float[Array, " n"],
    target: Float[Array, " m"],
) -> Float[Array, " m"]:
    """The target's scaling after one round of Sinkhorn's iterations on a kernel."""

    def iterate(
        source_scaling: Float[Array, " n"], _: None
    ) -> tuple[Float[Array, " n"], Float[Array, " m"]]:
        target_scaling = _bounded_reciprocal((source * source_scaling) @ kernel)
        source_scaling = _bounded_reciprocal(kernel @ (target * target_scaling))
        return source_scaling, target_scaling

    start = varying.like(jnp.ones_like(source), (kernel, source, target))
    _, target_scalings = lax.scan(iterate, start, None, length=ITERATIONS_PER_ROUND)
    return target_scalings[-1]


def _bounded_reciprocal(mass: Float[Array, " n"]) -> Float[Array, " n"]:
    return 1.0 / jnp.clip(mass, 1.0 / _SCALING_LIMIT, _SCALING_LIMIT)
