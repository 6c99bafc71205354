"""Runs a tiny training in a process of its own, with other devices or other hosts.

steps OUT [COORDINATOR NUM_HOSTS HOST]: five steps, weights and losses saved to OUT.
loop DATA OUT DIE: the training loop, killed while checkpoint DIE is being written.
"""

import functools
import os
import signal
import sys
import threading
import time
from pathlib import Path

import jax
import numpy as np

from samn_jax.training import hosts as hosts_lib
from samn_jax.training import loop, parallel, step, validation
from tests.training import tiny

STEPS = 5


def run_steps(output: str, *hosts: str) -> None:
    if hosts:
        found = hosts_lib.hosts_from(hosts[0], int(hosts[1]), int(hosts[2]))
        hosts_lib.connect(found)
    function = functools.partial(step.train_step, tiny.objective(), tiny.sgd())
    mapped, replicas = (
        parallel.pmap_step(function),
        parallel.replicate(tiny.state(name="sgd")),
    )
    draws = tiny.batches(8, host=jax.process_index(), num_hosts=jax.process_count())
    losses = []
    for _ in range(STEPS):
        batch, _ = validation.split_batch(next(draws))
        replicas, metrics = mapped(replicas, parallel.shard(batch))
        losses.append(float(parallel.unreplicate(metrics)["loss"]))
    params = {k.replace("/", "."): np.asarray(v)
              for k, v in parallel.unreplicate(replicas).params.items()}  # fmt: skip
    if parallel.is_chief():
        np.savez(output, losses=losses, devices=jax.device_count(), **params)


def run_loop(data: str, output: str, die: str) -> None:
    tiny.register()
    folder = Path(output)
    threading.Thread(target=_kill_in_save, args=(folder, die), daemon=True).start()
    loop.train_and_evaluate(tiny.config(num_steps=400, save_every=1), data, folder)


def _kill_in_save(folder: Path, die: str) -> None:
    while not list((folder / "checkpoints").glob(f"{die}.*tmp*")):
        time.sleep(0)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    {"steps": run_steps, "loop": run_loop}[sys.argv[1]](*sys.argv[2:])
