"""Start of the channel projection: principal components of the first-frame features."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def pca_projection(
    features: Float[Array, "N h w C"], *, num_components: int
) -> Float[Array, "C K"]:
    """Orthonormal columns: the directions of largest variance, largest first.

    Their signs are arbitrary; the fit that follows does not depend on them, since a
    flipped direction only flips its channel of the filter.

    Args:
        features: Samples; mean and covariance are taken over N, h and w.
        num_components: K; at most C of them exist, so K = min(num_components, C).
    """
    channels = features.shape[-1]
    cells = features.reshape(-1, channels)
    centered = cells - jnp.mean(cells, axis=0)[None, :]
    covariance = jnp.matmul(centered.T, centered, precision=jax.lax.Precision.HIGHEST)
    _, vectors = jnp.linalg.eigh(covariance)  # eigenvalues in ascending order
    return vectors[:, ::-1][:, :num_components]
