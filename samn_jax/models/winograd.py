"""3×3 convolutions with fewer products: Winograd's minimal filtering, for CPUs.

A tile of m×m outputs takes (m+2)² products per pair of channels instead of 9·m² (Lavin
and Gray, CVPR 2016): 2.25 times fewer for m = 2, 4 times for m = 4. The transformed
kernels are 16/9 or 4 times as large, so they are made once, beside the parameters.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

# The variable collection of the transformed kernels.
COLLECTION = "winograd"
# Where the polynomials are evaluated, by tile. Points 1/2 and -2 halve the rounding
# error of 2 and -2 (Barabasz et al., ACM TOMS 2020): 4e-6 of the largest output.
POINTS = {2: (0.0, 1.0, -1.0), 4: (0.0, 1.0, -1.0, 0.5, -2.0)}
TAPS = 3
# A large map is convolved in bands of rows, whose transform is at most so large: what
# does not fit into a CPU's caches is waited for.
BAND_BYTES = 2**23


def transforms(tile: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the matrices of input, kernel and output: n×n, n×3 and m×n, n = m + 2.

    By Cook and Toom: y = output · ((kernel · g) ⊙ (input · x)) is the correlation of n
    values x with 3 taps g.
    """
    points = np.array(POINTS[tile])
    size = tile + TAPS - 1
    of_input, of_kernel, of_output = (np.zeros((n, size)) for n in (size, TAPS, tile))
    for j, point in enumerate(points):
        others = np.delete(points, j)
        of_input[j, :-1] = np.poly(others)[::-1]
        of_kernel[:, j] = point ** np.arange(TAPS) / np.prod(point - others)
        of_output[:, j] = point ** np.arange(tile)
    # The last point is at infinity.
    of_input[-1] = np.poly(points)[::-1]
    of_kernel[-1, -1] = of_output[-1, -1] = 1.0
    return of_input, of_kernel.T, of_output


def _combine(matrix: np.ndarray, arrays: Sequence[Array], axis: int = 0) -> Array:
    """Returns the stack, over the rows of a constant matrix, of sums of arrays."""
    rows = []
    for row in matrix.tolist():
        terms = [
            x if weight == 1.0 else x * weight
            for weight, x in zip(row, arrays, strict=True)
            if weight != 0.0
        ]
        rows.append(sum(terms[1:], start=terms[0]))
    # Without the barrier XLA computes the first pass again for each row of the second.
    return jax.lax.optimization_barrier(jnp.stack(rows, axis))


def transform_kernel(
    kernel: Float[Array, "3 3 C D"], tile: int
) -> Float[Array, "S C D"]:
    """Returns the kernel as `convolve` takes it: one matrix for each of S products."""
    matrix = transforms(tile)[1]
    rows = _combine(matrix, list(kernel))
    both = _combine(matrix, [rows[:, j] for j in range(TAPS)], axis=1)
    return both.reshape(-1, *kernel.shape[2:])


def convolve(
    x: Float[Array, "B H W C"], kernel: Float[Array, "S C D"], tile: int
) -> Float[Array, "B H W D"]:
    """Returns the 3×3 convolution that keeps the size, zeros around it.

    Args:
      x: the input; sides that `tile` does not divide cost what the next multiple does.
      kernel: from `transform_kernel` with the same `tile`.
      tile: side of the output tiles, 2 or 4.
    """
    batch, height, width, channels = x.shape
    down, across = -(-height // tile), -(-width // tile)
    pads = ((1, down * tile - height + 1), (1, across * tile - width + 1))
    x = jnp.pad(x, ((0, 0), *pads, (0, 0)))
    spectrum = (tile + TAPS - 1) ** 2 * batch * down * across * channels
    # Each band reads the kernel once more.
    most = max(BAND_BYTES, kernel.nbytes)
    count = min(down, -(-spectrum * x.dtype.itemsize // most))
    edges = [down * i // count * tile for i in range(count + 1)]
    bands = [
        _convolve_band(x[:, start : stop + TAPS - 1], kernel, tile)
        for start, stop in itertools.pairwise(edges)
    ]
    return jnp.concatenate(bands, axis=1)[:, :height, :width]


def _convolve_band(
    x: Float[Array, "B H2 W2 C"], kernel: Float[Array, "S C D"], tile: int
) -> Float[Array, "B H W D"]:
    """Returns the convolution of padded rows, sides multiples of `tile`."""
    of_input, _, of_output = transforms(tile)
    size = tile + TAPS - 1
    batch, height, width, channels = x.shape
    down, across = ((side - TAPS + 1) // tile for side in (height, width))

    def taps(array: Array, axis: int, tiles: int) -> list[Array]:
        span = (tiles - 1) * tile + 1
        return [
            jax.lax.slice_in_dim(array, i, i + span, tile, axis) for i in range(size)
        ]

    rows = _combine(of_input, taps(x, 1, down))
    spectrum = _combine(of_input, taps(rows, 3, across), axis=1)
    product = jnp.matmul(spectrum.reshape(size**2, -1, channels), kernel)
    product = product.reshape(size, size, batch, down, across, -1)
    rows = _combine(of_output, list(product))
    tiles = _combine(of_output, [rows[:, j] for j in range(size)])
    y = tiles.transpose(2, 3, 1, 4, 0, 5)
    return y.reshape(batch, down * tile, across * tile, -1)


class Conv3x3(nn.Module):
    """A 3×3 convolution that keeps the size; parameters as of nn.Conv.

    On CPUs float32 inputs go through `convolve` where the collection `winograd` has the
    kernel, which `with_fast_kernels` puts there; all else is convolved directly. The
    platform is the one that the program is lowered for.

    Attributes:
      channels: of the output.
      tile: 4 for large maps; 2 for small ones, whose kernels outweigh them.
      use_bias: whether a bias is added.
    """

    channels: int
    tile: int = 2
    use_bias: bool = True

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B H W D"]:
        """Returns the convolution of `x` in its type."""
        kernel, bias = parameters(self, x.shape[-1], self.channels, self.use_bias)
        (y,) = convolve_with(self, x, (kernel,), self.tile)
        return y if bias is None else y + bias.astype(x.dtype)[None, None, None, :]


class Parameters3x3(nn.Module):
    """The parameters of a `Conv3x3`, for a module that convolves with several."""

    channels: int

    @nn.compact
    def __call__(self, inputs: int) -> tuple[Array, Array]:
        """Returns kernel and bias for so many input channels."""
        return parameters(self, inputs, self.channels, True)


def parameters(
    module: nn.Module, inputs: int, channels: int, use_bias: bool
) -> tuple[Array, Any]:
    """Returns kernel and bias of a module, named and shaped as of nn.Conv."""
    shape = (TAPS, TAPS, inputs, channels)
    kernel = module.param("kernel", nn.initializers.lecun_normal(), shape)
    if not use_bias:
        return kernel, None
    return kernel, module.param("bias", nn.initializers.zeros, shape[-1:])


def convolve_with(
    module: nn.Module,
    x: Float[Array, "B H W C"],
    kernels: tuple[Array, ...],
    tile: int,
) -> tuple[Array, ...]:
    """Returns the convolution of `x` with each kernel, in its type.

    Args:
      module: where the transformed kernel lies: one of all kernels side by side, so
        that `x` is transformed once and the products are large.
      x: the input.
      kernels: (3, 3, C, D) of each.
      tile: see `Conv3x3`.
    """
    if module.is_mutable_collection(COLLECTION) and not module.is_initializing():
        both = [transform_kernel(kernel, tile) for kernel in kernels]
        module.put_variable(COLLECTION, "kernel", jnp.concatenate(both, axis=-1))
    plain = tuple(kernel.astype(x.dtype) for kernel in kernels)
    if not module.has_variable(COLLECTION, "kernel") or x.dtype != jnp.float32:
        return _directly(x, plain)
    edges = list(itertools.accumulate(kernel.shape[-1] for kernel in kernels))

    def fast(x: Array, _: tuple, kernel: Array) -> tuple[Array, ...]:
        return tuple(jnp.split(convolve(x, kernel, tile), edges[:-1], axis=-1))

    made: tuple[Array, ...] = jax.lax.platform_dependent(
        x,
        plain,
        module.get_variable(COLLECTION, "kernel"),
        cpu=fast,
        default=lambda x, plain, _: _directly(x, plain),
    )
    return made


def _directly(
    x: Float[Array, "B H W C"], kernels: tuple[Array, ...]
) -> tuple[Array, ...]:
    axes = ("NHWC", "HWIO", "NHWC")
    return tuple(
        jax.lax.conv_general_dilated(x, k, (1, 1), "SAME", dimension_numbers=axes)
        for k in kernels
    )


def for_this_machine(network: nn.Module, variables: dict[str, Any]) -> dict[str, Any]:
    """Returns `with_fast_kernels` if JAX computes on a CPU, else the variables.

    Elsewhere the transformed kernels would fill memory and never be used.
    """
    if jax.default_backend() != "cpu":
        return dict(variables)
    return with_fast_kernels(network, variables)


def with_fast_kernels(network: nn.Module, variables: dict[str, Any]) -> dict[str, Any]:
    """Returns the variables with transformed kernels beside them, for inference on CPU.

    Variables made so must not be trained further: the transformed kernels would stay.
    A network without `Conv3x3` modules, or without weights, gets its variables back; it
    is not even traced if it says so, by `has_fast_kernels = False`.
    """
    if not variables or not getattr(network, "has_fast_kernels", True):
        return dict(variables)

    def transform(variables: dict[str, Any]) -> dict[str, Any]:
        image = jnp.zeros((1, 32, 32, 3))
        # Only the kernels are returned, so the forward pass is never computed.
        _, made = network.apply(variables, image, image[..., 0], mutable=[COLLECTION])
        return dict(made)

    return dict(variables) | jax.jit(transform)(dict(variables))
