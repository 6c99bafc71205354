"""One device, four devices and two hosts make the same steps."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from samn_jax.training import validation
from tests.training import tiny, worker
from tests.training.test_step import one_device

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-5


def start(devices: int, *arguments: str) -> subprocess.Popen:
    # The last one counts; the others are those of this process, for equal programs.
    flags = os.environ["XLA_FLAGS"], f"--xla_force_host_platform_device_count={devices}"
    environment = {**os.environ, "XLA_FLAGS": " ".join(flags), "JAX_PLATFORMS": "cpu"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.worker", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen) -> None:
    output, _ = process.communicate(timeout=540)
    assert process.returncode == 0, output[-2000:]


@pytest.fixture(scope="module")
def expected() -> dict[str, np.ndarray]:
    run, state = one_device(tiny.objective(), tiny.sgd), tiny.state(name="sgd")
    draws = tiny.batches(8)
    losses = []
    for _ in range(worker.STEPS):
        batch, _ = validation.split_batch(next(draws))
        state, metrics = run(state, batch)
        losses.append(float(metrics["loss"]))
    params = {k.replace("/", "."): np.asarray(v) for k, v in state.params.items()}
    return {"losses": np.array(losses), **jax.device_get(params)}


def check(path: Path, expected: dict[str, np.ndarray]) -> None:
    with np.load(path) as found:
        assert int(found["devices"]) == 4
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, atol=TOLERANCE, rtol=0)


def test_four_devices_equal_one(tmp_path, expected):
    finish(start(4, "steps", str(tmp_path / "four.npz")))
    check(tmp_path / "four.npz", expected)


def test_two_hosts_equal_one_device(tmp_path, expected):
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        address = f"localhost:{probe.getsockname()[1]}"
    path = tmp_path / "hosts.npz"
    hosts = [start(2, "steps", str(path), address, "2", str(i)) for i in range(2)]
    for host in hosts:
        finish(host)
    check(path, expected)
