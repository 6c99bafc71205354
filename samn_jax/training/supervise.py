"""A process beside the training one of each host, which has the last word.

When another host is missing, JAX aborts the process from a thread of its own, without
an exception and with a page of stack. So each host's command starts the training as a
process of its own, waits for it, and says in one line what happened.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from samn_jax.training import hosts as hosts_lib
from samn_jax.training.hosts import Hosts

LOST_HOST = 4  # exit code
_VARIABLE = "SAMN_SUPERVISED"  # two pipes of the process that trains
_SIGNALLED = 128  # plus the signal's number: the exit code of shells


def is_supervised() -> bool:
    """Whether this process is the one that trains, beside another that waits."""
    return _VARIABLE in os.environ


def run(arguments: Sequence[str], hosts: Hosts) -> int:
    """Returns the exit code of the training, run as a process of its own.

    SIGTERM and Ctrl-C reach it as SIGTERM, so that all hosts stop at the same step. If
    this process is killed, the other one ends too.

    Args:
      arguments: of the command.
      hosts: for messages.
    """
    joined, tell_joined = os.pipe()
    alive, stay_alive = os.pipe()
    root = str(Path(__file__).parents[2])
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, "-m", "samn_jax.training.main", *arguments],
        env={**os.environ, _VARIABLE: f"{tell_joined},{alive}", "PYTHONPATH": paths},
        pass_fds=(tell_joined, alive),
        start_new_session=True,  # A terminal's Ctrl-C comes by way of this process.
    )
    os.close(tell_joined)
    os.close(alive)
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [
        signal.signal(number, lambda *_: process.send_signal(signal.SIGTERM))
        for number in numbers
    ]
    try:
        code = process.wait()
        began = os.read(joined, 1) != b""
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
        os.close(joined)
        os.close(stay_alive)
    return _explain(code, hosts, joined=began)


def _explain(code: int, hosts: Hosts, *, joined: bool) -> int:
    """Returns the exit code; says in one line why the training was aborted."""
    if code >= 0:
        return code
    if code == -signal.SIGABRT:
        error = hosts_lib.lost(hosts) if joined else hosts_lib.missing_at_start(hosts)
        print(f"error: {error}", file=sys.stderr)
        return LOST_HOST
    print(
        f"error: {hosts}: the training was ended by {signal.Signals(-code).name}: the "
        "same command, started on all hosts, goes on from the last checkpoint",
        file=sys.stderr,
    )
    return _SIGNALLED - code


def tell_joined() -> None:
    """Says that all hosts are here; from now on this process ends with the other."""
    write, alive = map(int, os.environ[_VARIABLE].split(","))
    os.write(write, b"1")
    os.close(write)
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()


def _end_with(alive: int) -> None:
    os.read(alive, 1)  # Returns when the other end is closed: nothing is ever sent.
    os._exit(LOST_HOST)


def leave(code: int) -> None:
    """Ends this process at once, without waiting for the other hosts as JAX would."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
