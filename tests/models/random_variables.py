"""Random variables for a module, without compiling its own initializers."""

import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np


def draw(path: tuple[str, ...], shape: tuple[int, ...], rng: np.random.Generator):
    if path[-1] in ("var", "scale"):
        array = rng.uniform(0.5, 1.5, shape)
    elif path[-1] == "kernel":
        array = rng.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))
    else:
        array = 0.1 * rng.normal(size=shape)
    return jnp.asarray(array, jnp.float32)


def variables_for(module, *args, seed: int = 0) -> dict:
    """Returns float32 variables of the shapes that `module.init` gives for `args`."""
    rng = np.random.default_rng(seed)
    shapes = jax.eval_shape(module.init, jax.random.key(0), *args)
    return flax.traverse_util.path_aware_map(
        lambda path, x: draw(path, x.shape, rng), dict(shapes)
    )
