"""The only place that knows how many devices there are: pmap, copies and shards."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from samn_jax.training import step as step_lib


def pmap_step(step_fn: Callable) -> Callable:
    """Returns `step_fn(state, batch)` over all local devices, the state donated."""
    return jax.pmap(step_fn, axis_name=step_lib.DEVICES, donate_argnums=(0,))


def _sharding() -> jax.sharding.Sharding:
    """Returns how pmap lays out its arguments: one slice of the first axis a device."""
    mesh = jax.sharding.Mesh(np.array(jax.local_devices()), (step_lib.DEVICES,))
    return jax.sharding.NamedSharding(
        mesh, jax.sharding.PartitionSpec(step_lib.DEVICES)
    )


def replicate(tree: Any) -> Any:
    """Returns the tree with a copy for each local device along a new first axis."""
    count = jax.local_device_count()
    stacked = jax.tree.map(lambda x: jnp.stack([jnp.asarray(x)] * count), tree)
    return jax.device_put(stacked, _sharding())


def unreplicate(tree: Any) -> Any:
    """Returns the first device's copy."""
    return jax.tree.map(lambda x: x[0], tree)


def shard(batch: Any) -> Any:
    """Returns the batch as (devices, batch / devices, ...).

    Raises:
      ValueError: the batch can't be divided evenly.
    """
    count = jax.local_device_count()

    def split(x: Any) -> Any:
        if x.shape[0] % count:
            raise ValueError(
                f"a batch of {x.shape[0]} can't be divided over {count} devices: "
                "choose a multiple"
            )
        return x.reshape(count, x.shape[0] // count, *x.shape[1:])

    return jax.device_put(jax.tree.map(split, batch), _sharding())
