"""Kills evaluations and trainings at random moments, then lets them go on.

python benchmarks/kills.py                        # 20 kills of each, ten minutes
python benchmarks/kills.py --jobs evaluation --kills 100 --seed 1

Each job first runs to its end twice: what it leaves is what all others must leave, and
the second run, with all compiled, says how long one takes. Then it is started, killed
with SIGKILL at a random moment, and started again by the same command in the same
folder. Whenever it gets to its end its results are compared, byte by byte, and a new
folder is begun. Both use a network of a few weights, and a compilation cache of their
own, which is killed along with them.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jax

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from samn_jax.models import model_file  # noqa: E402
from samn_jax.training import config_file  # noqa: E402

TRACKED = "moving,hidden"
MODEL = "model.safetensors"
# A tracker that takes milliseconds a frame, and a training of a few seconds.
SMALL = ("crop_size=64", "filter_crop_size=64", "spatial.first_steps=1")
STEPS = ("num_steps=24", "save_every=2", "validate_every=6", "log_every=1")


class Job(NamedTuple):
    """A command that may be killed.

    Attributes:
      command: arguments of Python but for the output folder.
      outcome: output folder → what must be equal, by name.
    """

    command: list[str]
    outcome: Callable[[Path], dict[str, str]]


def digests(folder: Path, pattern: str) -> dict[str, str]:
    """Returns the SHA-256 of each file of a pattern, by its path in the folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob(pattern))
    }


def evaluated(folder: Path) -> dict[str, str]:
    """Returns the masks of an evaluation, and its measures."""
    results = json.loads((folder / "results.json").read_text())
    return {
        "metrics": json.dumps(results["metrics"]),
        "failed": json.dumps(results["failed"]),
        **digests(folder, "masks/*/*.png"),
    }


def trained(folder: Path) -> dict[str, str]:
    """Returns the model files of a training."""
    return digests(folder, "*.safetensors")


def with_settings(*settings: str) -> list[str]:
    """Returns the flags of some settings."""
    return [word for setting in settings for word in ("--set", setting)]


JOBS = {
    "evaluation": Job(
        ["evaluate.py", "--sequences", TRACKED, "--workers", "1"]
        + ["--checkpoint", MODEL, *with_settings(*SMALL)],
        evaluated,
    ),
    "training": Job(
        ["train.py", "--config", "configs/smoke.py", *with_settings(*STEPS)], trained
    ),
}


def start(job: Job, output_dir: Path) -> subprocess.Popen:
    """Returns the process of a job, in a group of its own; its words are kept."""
    folder = output_dir.parent
    command = [sys.executable, *job.command, "--output_dir", str(output_dir)]
    with output_dir.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(
            [str(folder / MODEL) if word == MODEL else word for word in command],
            cwd=ROOT,
            env={**os.environ, "SAMN_CACHE_DIR": str(folder / "cache")},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def write_model(path: Path) -> None:
    """Writes the network of the smallest shipped config, with weights just drawn."""
    config = config_file.load_config("smoke").model
    variables = model_file.init_variables(config, jax.random.key(0))
    model_file.save_model(path, config, variables, {})


def finish(job: Job, output_dir: Path) -> float:
    """Returns the seconds that a job takes to its end."""
    began = time.perf_counter()
    code = start(job, output_dir).wait()
    if code != 0:
        raise SystemExit(output_dir.with_suffix(".log").read_text()[-2000:])
    return time.perf_counter() - began


def kill_at(process: subprocess.Popen, seconds: float) -> bool:
    """Returns whether a process was killed, or else had ended by itself before."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def compare(job: Job, output_dir: Path, expected: dict[str, str]) -> None:
    """Stops with a message unless a job has left what it must; removes its folder."""
    found = job.outcome(output_dir)
    names = found.keys() | expected.keys()
    wrong = sorted(n for n in names if found.get(n) != expected.get(n))
    if wrong:
        raise SystemExit(f"{output_dir} differs in {len(wrong)}: {wrong[:5]}")
    shutil.rmtree(output_dir)


def torture(job: Job, folder: Path, kills: int, rng: random.Random) -> str:
    """Returns what was found: kills, and runs that came to their end after some."""
    write_model(folder / MODEL)
    finish(job, folder / "first")
    seconds = finish(job, folder / "second")
    expected = job.outcome(folder / "first")
    compare(job, folder / "second", expected)
    killed = ended = 0
    output_dir = folder / "killed"
    while killed < kills:
        process = start(job, output_dir)
        if kill_at(process, rng.uniform(0.2, 1.0) * seconds):
            killed += 1
        elif process.returncode != 0:
            raise SystemExit(output_dir.with_suffix(".log").read_text()[-2000:])
        else:
            compare(job, output_dir, expected)
            ended += 1
    finish(job, output_dir)
    compare(job, output_dir, expected)
    return (
        f"{killed} kills, {ended + 1} runs to their end, all {len(expected)} results "
        f"equal to those of a run of {seconds:.0f} s that was not disturbed"
    )


def main() -> None:
    """Runs the jobs that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", nargs="+", default=list(JOBS), choices=list(JOBS))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    for name in flags.jobs:
        rng = random.Random(f"{flags.seed} {name}")
        with tempfile.TemporaryDirectory(prefix="samn_kills_") as folder:
            found = torture(JOBS[name], Path(folder), flags.kills, rng)
        print(f"{name}: {found}", flush=True)


if __name__ == "__main__":
    main()
