"""Two processes that start runs in the same folders at the same moments.

python -m tests.faults.simultaneous_starts 400

Prints how many of the starts failed; the exit code tells whether any did.
"""

import multiprocessing
import sys
import tempfile
from pathlib import Path

HOSTS = 2


def claim_all(
    root: Path,
    count: int,
    ready: "multiprocessing.synchronize.Barrier",
    failures: "multiprocessing.Queue",
) -> None:
    """Claims `count` new folders, each at the moment when the other hosts do."""
    from samn_jax.models.lite import LiteConfig
    from samn_jax.training import run_folder
    from samn_jax.training.config import TrainConfig

    identity = run_folder.Identity(TrainConfig(model=LiteConfig()), {}, {})
    for index in range(count):
        ready.wait()
        try:
            run_folder.claim(identity, root / str(index))
        except Exception as error:  # Whatever it is, it is a failed start.
            failures.put(f"{index}: {type(error).__name__}: {error}")
    failures.put(None)


def count_failures(root: Path, count: int) -> list[str]:
    """Returns what was raised in `count` starts of `HOSTS` processes each."""
    context = multiprocessing.get_context("spawn")
    ready, failures = context.Barrier(HOSTS), context.Queue()
    arguments = (root, count, ready, failures)
    hosts = [context.Process(target=claim_all, args=arguments) for _ in range(HOSTS)]
    for host in hosts:
        host.start()
    found, running = [], HOSTS
    while running:
        message = failures.get(timeout=300)
        running -= message is None
        found += [message] if message else []
    for host in hosts:
        host.join()
    return found


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    with tempfile.TemporaryDirectory() as folder:
        found = count_failures(Path(folder), count)
        left = list(Path(folder).rglob("*partial*"))
    print(f"{count} starts of {HOSTS} hosts: {len(found)} failures, {len(left)} left")
    print("\n".join(found[:5]))
    return 1 if found or left else 0


if __name__ == "__main__":
    sys.exit(main())
