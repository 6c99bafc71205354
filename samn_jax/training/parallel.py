"""Work divided over devices and hosts, as one host and one device would do it."""

import signal
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from samn_jax.training import step as step_lib


def is_chief() -> bool:
    """Whether this process is the one that writes logs and model files."""
    return jax.process_index() == 0


def meet(place: str) -> None:
    """Waits until all hosts are here."""
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices(place)


def pmap_step(step_fn: Callable) -> Callable:
    """Returns `step_fn(state, batch)` over all devices, the state donated."""
    return jax.pmap(step_fn, axis_name=step_lib.DEVICES, donate_argnums=(0,))


def replicate(tree: Any) -> Any:
    """Returns the tree with a copy for each device along a new first axis."""
    count = jax.local_device_count()
    return _place(jax.tree.map(lambda x: np.stack([np.asarray(x)] * count), tree))


def unreplicate(tree: Any) -> Any:
    """Returns the copy of this host's first device."""
    return jax.tree.map(lambda x: x.addressable_data(0)[0], tree)


def shard(batch: Any) -> Any:
    """Returns this host's part of a batch as (devices, batch / devices, ...)."""
    count = jax.local_device_count()

    def split(x: Any) -> Any:
        return x.reshape(count, x.shape[0] // count, *x.shape[1:])

    return _place(jax.tree.map(split, batch))


def _place(tree: Any) -> Any:
    """Returns the tree laid out as pmap wants it: one slice a device of this host."""
    mesh = jax.sharding.Mesh(np.array(jax.local_devices()), (step_lib.DEVICES,))
    spec = jax.sharding.PartitionSpec(step_lib.DEVICES)
    return jax.device_put(tree, jax.sharding.NamedSharding(mesh, spec))


class StopSignal:
    """Whether the process was asked to end, by SIGTERM or Ctrl-C, within `with`.

    With several hosts JAX listens for SIGTERM itself, so that all stop at the same
    step. A second signal ends the process at once.
    """

    def __init__(self) -> None:
        self._received = False
        self._old: dict[int, Any] = {}

    def __enter__(self) -> "StopSignal":
        """Starts to listen."""
        if jax.process_count() == 1:
            for number in (signal.SIGTERM, signal.SIGINT):
                self._old[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *error: object) -> None:
        """Leaves signals as they were."""
        for number, handler in self._old.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: object) -> None:
        self._received = True
        signal.signal(number, self._old[number])

    def received(self, step: int) -> bool:
        """Returns whether to stop after this step; the same on all hosts."""
        if jax.process_count() > 1:
            return multihost_utils.reached_preemption_sync_point(step)
        return self._received
