"""Hosts that come late, fall silent or end: the others say so in time."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from samn_jax.errors import InputError
from samn_jax.training import hosts as hosts_lib
from samn_jax.training import supervise
from tests.training import tiny

ROOT = Path(__file__).resolve().parents[2]
START = 300  # seconds within which a host has begun, on a busy machine


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return f"localhost:{probe.getsockname()[1]}"


def start(address: str, host: int, timeout: int, *more: str) -> subprocess.Popen:
    command = [sys.executable, "train.py", "--config", "tests/training/tiny_config.py"]
    command += ["--coordinator", address, "--num_hosts", "2", "--host", str(host)]
    return subprocess.Popen(
        [*command, "--host_timeout", str(timeout), *more],
        cwd=ROOT,
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def last_line(process: subprocess.Popen, within: float) -> str:
    """Waits for the end of a command; its exit code must say that a host was lost."""
    _, error = process.communicate(timeout=within)
    assert process.returncode == supervise.LOST_HOST, error[-2000:]
    return error.strip().splitlines()[-1]


@pytest.mark.parametrize("host", [0, 1])
def test_a_host_that_never_comes_ends_the_other(host, tmp_path):
    process = start(free_address(), host, 3, "--output_dir", str(tmp_path / "run"))
    expected = rf"error: host {host} of 2: not all hosts came within 3 s .* start the"
    assert re.match(expected, last_line(process, START))
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("victim", "number"),
    [
        (0, signal.SIGKILL),
        pytest.param(1, signal.SIGKILL, marks=pytest.mark.full_size),
        pytest.param(1, signal.SIGSTOP, marks=pytest.mark.full_size),
    ],
)
def test_a_host_that_ends_or_is_silent_ends_the_other(victim, number, tmp_path):
    data, folder = tiny.write_clips(tmp_path / "data"), tmp_path / "run"
    address, timeout = free_address(), 20
    more = ("--data_dir", str(data), "--output_dir", str(folder))
    both = [start(address, host, timeout, *more) for host in range(2)]
    try:
        trains = folder / "checkpoints" / "50"
        deadline = time.monotonic() + START
        while not trains.exists():
            assert time.monotonic() < deadline, both[0].poll()
            time.sleep(0.1)
        send(both[victim], number)
        line = last_line(both[1 - victim], 2 * timeout + 20)
        expected = rf"error: host {1 - victim} of 2: another host ended, or was silent"
        assert re.match(expected, line), line
        assert "goes on from the last checkpoint" in line
    finally:
        for process in both:
            send(process, signal.SIGCONT)
            send(process, signal.SIGKILL)
            process.communicate(timeout=START)


def send(process: subprocess.Popen, number: int) -> None:
    """Signals the command of a host, and the process in it that trains."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if process.poll() is None:
        targets = [*map(int, children.read_text().split()), process.pid]
        # Ending the command must be enough; one that is stopped can't end by itself.
        for target in targets[-1:] if number == signal.SIGKILL else targets[:1]:
            os.kill(target, number)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("localhost:1", None, 0), "several hosts need --coordinator"),
        (("localhost:1", 2, 2), "--host is 2: give a number from 0 to 1"),
        (("localhost", 2, 0), "--coordinator is localhost: give ADDRESS:PORT"),
        (("localhost:1", 2, 0, -5), "--host_timeout of at least 1"),
    ],
)
def test_what_can_not_be_hosts_is_refused(flags, message):
    with pytest.raises(InputError, match=re.escape(message)):
        hosts_lib.hosts_from(*flags)


def test_hosts_may_be_given_by_the_environment(monkeypatch):
    for name, value in zip(hosts_lib.VARIABLES, ("a:1", "3", "2"), strict=True):
        monkeypatch.setenv(name, value)
    assert hosts_lib.hosts_from(None, None, None) == hosts_lib.Hosts("a:1", 3, 2)
    monkeypatch.setenv(hosts_lib.TIMEOUT_VARIABLE, "7")
    assert hosts_lib.hosts_from("auto", None, None) == hosts_lib.Hosts(
        "auto", timeout=7
    )
