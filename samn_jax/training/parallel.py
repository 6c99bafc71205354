"""The only place that knows how many devices and hosts there are."""

import os
import signal
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.experimental import multihost_utils

from samn_jax.errors import InputError
from samn_jax.training import step as step_lib

# Where flags are inconvenient: one environment for each host's process.
VARIABLES = ("SAMN_COORDINATOR", "SAMN_NUM_HOSTS", "SAMN_HOST")


class Hosts(NamedTuple):
    """How the hosts of a run find each other."""

    coordinator: str  # address:port of host 0; "auto" asks the cluster (TPU, Slurm)
    num_hosts: int = 1
    host: int = 0


def hosts_from(
    coordinator: str | None, num_hosts: int | None, host: int | None
) -> Hosts | None:
    """Returns what flags say, or else the environment; None for a single host.

    Raises:
      InputError: something is missing or not a number.
    """
    flags = (coordinator, num_hosts, host)
    values = [
        flag if flag is not None else os.environ.get(variable)
        for flag, variable in zip(flags, VARIABLES, strict=True)
    ]
    if values[0] is None:
        return None
    if values[0] == "auto":
        return Hosts("auto")
    try:
        return Hosts(str(values[0]), int(values[1]), int(values[2]))  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise InputError(
            "several hosts need --coordinator ADDRESS:PORT, --num_hosts and --host, or "
            + ", ".join(VARIABLES)
        ) from error


def connect(hosts: Hosts | None) -> None:
    """Joins this process with those of the other hosts; before any other use of JAX."""
    if hosts is None:
        return
    if hosts.coordinator == "auto":
        jax.distributed.initialize()
    else:
        jax.distributed.initialize(hosts.coordinator, hosts.num_hosts, hosts.host)


def is_chief() -> bool:
    """Whether this process is the one that writes logs and model files."""
    return jax.process_index() == 0


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
    """Returns this host's part of a batch as (devices, batch / devices, ...).

    Raises:
      InputError: the batch can't be divided evenly.
    """
    count = jax.local_device_count()

    def split(x: Any) -> Any:
        if x.shape[0] % count:
            raise InputError(
                f"a batch of {x.shape[0]} can't be divided over {count} devices: "
                "make batch_size a multiple of all devices of all hosts"
            )
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
