"""Ridge regression over the remembered cells: a target model solved for each frame.

Attention asks which remembered cells look like a cell of the frame. Regression asks
what tells the target's cells from all others: a linear map from features to labels,
fitted to every remembered cell at once. The idea of a target model that is learned
online and differentiated through is that of FRTM (CVPR 2020) and LWL (ECCV 2020), which
take a few steps of descent on convolutions; at stride 16 with one cell's features the
fit has a closed form, as in R2-D2 (ICLR 2019).
"""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

# Penalty on the squared weights, relative to a mean over cells.
RIDGE = 0.01


def balanced_weights(
    share: Float[Array, "*m"], seen: Float[Array, "*m"]
) -> Float[Array, "*m"]:
    """Returns weights that sum to 1, half of it on the target.

    Args:
      share: of each cell that the target covers, in [0, 1].
      seen: how much each cell counts, 0 for slots that are empty.
    """
    target = seen * jnp.clip(share, 0.0, 1.0)
    others = seen * (1.0 - jnp.clip(share, 0.0, 1.0))
    # Half a cell more in each sum: a target that nearly vanished gets no great say.
    target = target / (jnp.sum(target) + 0.5)
    others = others / (jnp.sum(others) + 0.5)
    return (target + others) / 2.0


def fit(
    features: Float[Array, "n C"],
    labels: Float[Array, "n L"],
    weights: Float[Array, " n"],
    *,
    ridge: float,
) -> Float[Array, "C+1 L"]:
    """Returns argmin over A of Σ w·|[x 1]·A − y|² + ridge·|A|², the last row being 1's.

    Args:
      features: x of each cell.
      labels: y of each cell.
      weights: w of each cell, not negative.
      ridge: above 0.
    """
    x = _with_one(features)
    weighted = x * weights[:, None]
    gram = jnp.matmul(weighted.T, x) + ridge * jnp.eye(x.shape[1], dtype=x.dtype)
    return solve(gram, jnp.matmul(weighted.T, labels))


def solve(
    matrix: Float[Array, "n n"], right: Float[Array, "n L"]
) -> Float[Array, "n L"]:
    """Returns matrix⁻¹·right for a symmetric positive definite matrix.

    LAPACK's threads, once for each object and frame, cost a CPU a hundred times more
    than the arithmetic; Gauss-Jordan elimination in XLA does not, and such a matrix
    needs no pivots. Gradients are solutions with the same matrix.
    """
    return jax.lax.custom_linear_solve(
        functools.partial(jnp.matmul, matrix),
        right,
        lambda _, b: _eliminate(matrix, b),
        symmetric=True,
    )


def _eliminate(
    matrix: Float[Array, "n n"], right: Float[Array, "n L"]
) -> Float[Array, "n L"]:
    size = matrix.shape[0]
    rows = jnp.arange(size)

    def step(index: Array, system: Array) -> Array:
        pivot = system[index] / system[index, index]
        column = jnp.where(rows == index, 0.0, system[:, index])
        return (system - column[:, None] * pivot[None, :]).at[index].set(pivot)

    system = jnp.concatenate((matrix, right), axis=1)
    return jax.lax.fori_loop(0, size, step, system)[:, size:]


def regress(
    query: Float[Array, "h w C"],
    features: Float[Array, "*m C"],
    labels: Float[Array, "*m L"],
    seen: Float[Array, "*m"],
    *,
    ridge: float = RIDGE,
) -> Float[Array, "h w L"]:
    """Returns the labels of a frame's cells, as the remembered cells explain them.

    Args:
      query: features of the current frame.
      features: features of the remembered cells; slots (T, h, w) or a flat list.
      labels: labels of the remembered cells, the target's share of the cell first.
      seen: how much each remembered cell counts, 0 for slots that are empty.
      ridge: penalty on the squared weights, above 0.
    """
    dtype = labels.dtype
    features, labels = features.astype(jnp.float32), labels.astype(jnp.float32)
    weights = balanced_weights(labels[..., 0], seen)
    model = fit(
        features.reshape(-1, features.shape[-1]),
        labels.reshape(-1, labels.shape[-1]),
        weights.reshape(-1),
        ridge=ridge,
    )
    cells = _with_one(query.astype(jnp.float32).reshape(-1, query.shape[-1]))
    predicted = jnp.matmul(cells, model)
    return predicted.reshape(*query.shape[:2], -1).astype(dtype)


def _with_one(x: Float[Array, "n C"]) -> Float[Array, "n C+1"]:
    return jnp.concatenate((x, jnp.ones((x.shape[0], 1), x.dtype)), axis=1)
