"""Several hosts of one run: how they find each other, and what if one is missing."""

import os
from typing import Any, NamedTuple

from samn_jax.errors import InputError

# Where flags are inconvenient: one environment for each host's process.
VARIABLES = ("SAMN_COORDINATOR", "SAMN_NUM_HOSTS", "SAMN_HOST")
TIMEOUT_VARIABLE = "SAMN_HOST_TIMEOUT"
TIMEOUT = 120  # seconds
# Words of the errors that collectives and JAX's coordination raise without a peer.
_SIGNS = (
    *("Gloo", "NCCL", "UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "heartbeat"),
    *("Connection closed", "Connection reset", "coordination service"),
)


class Hosts(NamedTuple):
    """How the hosts of a run find each other.

    Attributes:
      coordinator: address:port of host 0; "auto" asks the cluster (TPU, Slurm).
      num_hosts: how many there are.
      host: number of this one, from 0.
      timeout: seconds to wait for the others at the start, and for one that is silent.
    """

    coordinator: str
    num_hosts: int = 1
    host: int = 0
    timeout: int = TIMEOUT

    def __str__(self) -> str:
        """Returns which host this is, for messages."""
        if self.coordinator == "auto":
            return "this host"
        return f"host {self.host} of {self.num_hosts}"


class LostHostError(InputError):
    """Another host ended or fell silent."""


def hosts_from(
    coordinator: str | None,
    num_hosts: int | None,
    host: int | None,
    timeout: int | None = None,
) -> Hosts | None:
    """Returns what flags say, or else the environment; None for a single host.

    Raises:
      InputError: something is missing, not a number, or out of its range.
    """
    flags = (coordinator, num_hosts, host)
    address, count, index = (
        flag if flag is not None else os.environ.get(variable)
        for flag, variable in zip(flags, VARIABLES, strict=True)
    )
    if address is None:
        if num_hosts is not None or host is not None:
            raise InputError("--num_hosts and --host: give --coordinator too")
        return None
    try:
        seconds = int(timeout or os.environ.get(TIMEOUT_VARIABLE) or TIMEOUT)
        if address == "auto":
            return Hosts("auto", timeout=_checked(seconds))
        hosts = Hosts(str(address), int(count), int(index), _checked(seconds))  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise InputError(
            "several hosts need --coordinator ADDRESS:PORT, --num_hosts and --host, or "
            f"{', '.join(VARIABLES)}, and a --host_timeout of at least 1 second"
        ) from error
    if not 0 <= hosts.host < hosts.num_hosts:
        raise InputError(
            f"--host is {hosts.host}: give a number from 0 to {hosts.num_hosts - 1}"
        )
    _, colon, port = hosts.coordinator.rpartition(":")
    is_port = port.isdecimal() and len(port) < 6 and 0 < int(port) < 1 << 16
    if not colon or not is_port:
        raise InputError(f"--coordinator is {hosts.coordinator}: give ADDRESS:PORT")
    return hosts


def _checked(seconds: int) -> int:
    if seconds < 1:
        raise ValueError("no time to wait")
    return seconds


def connect(hosts: Hosts) -> None:
    """Joins this process with those of the other hosts; before any other use of JAX.

    A host that doesn't come within the timeout, ends, or is silent for as long ends
    this process, in JAX itself and without an exception: see `supervise`.

    Raises:
      InputError: the cluster can't be asked, or the address can't be used.
    """
    import jax  # The process beside this one does without.

    timeouts: dict[str, Any] = {
        "initialization_timeout": hosts.timeout,
        "heartbeat_timeout_seconds": hosts.timeout,
        "shutdown_timeout_seconds": hosts.timeout,
    }
    try:
        if hosts.coordinator == "auto":
            jax.distributed.initialize(**timeouts)
        else:
            jax.distributed.initialize(
                hosts.coordinator, hosts.num_hosts, hosts.host, **timeouts
            )
    except (ValueError, RuntimeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise InputError(
            f"{hosts}: the hosts can't be joined at {hosts.coordinator} ({reason}): "
            "give --coordinator, --num_hosts and --host"
        ) from error


def missing_at_start(hosts: Hosts) -> LostHostError:
    """Returns the error of a start without all hosts."""
    return LostHostError(
        f"{hosts}: not all hosts came within {hosts.timeout} s (--host_timeout): start "
        f"the same command on each, and see that {hosts.coordinator} can be reached"
    )


def lost(hosts: Hosts) -> LostHostError:
    """Returns the error of a host that ended or fell silent."""
    return LostHostError(
        f"{hosts}: another host ended, or was silent for {hosts.timeout} s "
        "(--host_timeout): its own messages may say why; the same command, started on "
        "all hosts, goes on from the last checkpoint"
    )


def is_of_lost_host(error: Exception) -> bool:
    """Whether an error of a step comes from a host that is not there."""
    return any(sign in str(error) for sign in _SIGNS)
