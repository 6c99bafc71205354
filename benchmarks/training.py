"""Speed and memory of training on this machine, by number of (simulated) devices.

python benchmarks/training.py                               # lite, rendered clips
python benchmarks/training.py --data_dir DATA --steps 20
python benchmarks/training.py --config configs/smoke.py --devices 1,2,4

Each line is measured in a process of its own. `ms/step alone` repeats one batch;
`ms/step with data` draws each batch from the input pipeline, and `waiting` is the share
of it that the step waited for data. The devices are simulated on one CPU: the same
batch is divided over them, so that equal times are all that can be hoped for, and what
is above is the cost of the division.
"""

import argparse
import functools
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import jax

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samn_jax import overrides as overrides_lib
from samn_jax.data.clips import pipeline
from samn_jax.training import (
    assemble,
    config_file,
    optimizer,
    parallel,
    step,
    validation,
)

ROOT = Path(__file__).resolve().parents[1]
HEADER = (
    "devices  batch  compile s  ms/step alone  ms/step with data  steps/s  waiting  "
    "peak MiB"
)


def measure(arguments: argparse.Namespace) -> dict[str, float]:
    """Returns the figures of this process's devices."""
    overrides = [] if arguments.data_dir else ["synthetic=True"]
    overrides += ["held_out=()", "init_from=", *arguments.set]
    config = overrides_lib.override(
        config_file.load_config(arguments.config), overrides
    )
    clips = assemble.read_data(config, arguments.data_dir).clips
    made = optimizer.build_optimizer(config.optimizer, config.num_steps)
    state = assemble.first_state(config, made, [], clips)
    loader = pipeline.Loader(config.loader_threads, config.loader_workers)
    batches = pipeline.batches(
        clips, batch_size=config.batch_size, seed=0, loader=loader
    )
    objective = assemble.build_objective(config)
    train = parallel.pmap_step(functools.partial(step.train_step, objective, made))
    replicas = parallel.replicate(state)
    batch = parallel.shard(validation.split_batch(next(batches))[0])
    began = time.perf_counter()
    replicas, metrics = jax.block_until_ready(train(replicas, batch))
    compiled = time.perf_counter() - began
    alone, together, waits = [], [], []
    for _ in range(arguments.steps):
        began = time.perf_counter()
        replicas, metrics = jax.block_until_ready(train(replicas, batch))
        alone.append(time.perf_counter() - began)
    for _ in range(arguments.steps):
        began = time.perf_counter()
        arrays = next(batches)
        waits.append(time.perf_counter() - began)
        drawn = parallel.shard(validation.split_batch(arrays)[0])
        replicas, metrics = jax.block_until_ready(train(replicas, drawn))
        together.append(time.perf_counter() - began)
    return {
        "devices": jax.device_count(),
        "batch": config.batch_size,
        "compile_s": compiled,
        "alone_ms": 1000 * statistics.median(alone),
        "together_ms": 1000 * statistics.median(together),
        "steps_per_s": 1 / statistics.median(together),
        "waiting": sum(waits) / sum(together),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def run_apart(devices: int) -> dict[str, float]:
    """Returns the figures for a number of devices, from a process of its own."""
    flags = f"--xla_force_host_platform_device_count={devices}"
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, __file__, "--here", *sys.argv[1:]],
        env={**os.environ, "XLA_FLAGS": flags, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Prints a line for each number of devices."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", default="lite")
    parser.add_argument("--data_dir", help="rendered clips if left out")
    parser.add_argument("--devices", default="1,2,4")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        print(json.dumps(measure(arguments)))
        return
    print(HEADER)
    for count in arguments.devices.split(","):
        found = run_apart(int(count))
        print(
            "{devices:7d}  {batch:5d}  {compile_s:9.1f}  {alone_ms:13.1f}  "
            "{together_ms:17.1f}  {steps_per_s:7.2f}  {waiting:7.1%}  "
            "{peak_mib:8.0f}".format(**found),
            flush=True,
        )


if __name__ == "__main__":
    main()
