"""A tracker for the got10k package (0.1), whose experiments run and score it.

python -m samn_jax.toolkits.got10k --data_dir GOT-10K --subset val --output_dir OUT
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from samn_jax import commands
from samn_jax.evaluation.trackers import registry as trackers


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 for bad input.

    Args:
      arguments: flags; those of the command line if None.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data_dir", type=Path, required=True, help="folder of GOT-10k")
    add("--subset", default="val", choices=("val", "test"))
    add("--output_dir", default="outputs/got10k-toolkit")
    add("--tracker", default="samn", choices=tuple(trackers.TRACKERS))
    add("--checkpoint", help="shipped model's name, or a model file; default: lite")
    add("--set", action="append", default=[], metavar="FIELD=VALUE")
    return commands.run(_run, parser, arguments)


def _run(flags: argparse.Namespace) -> None:
    """Tracks and scores."""
    from got10k import experiments

    from samn_jax.toolkits.got10k_tracker import Got10kTracker

    tracker, _ = trackers.load_tracker(flags.tracker, flags.checkpoint, flags.set)
    output_dir = Path(flags.output_dir)
    experiment = experiments.ExperimentGOT10k(
        str(flags.data_dir),
        subset=flags.subset,
        result_dir=str(output_dir / "results"),
        report_dir=str(output_dir / "reports"),
    )
    experiment.run(Got10kTracker(tracker, flags.tracker))
    experiment.report([flags.tracker])


if __name__ == "__main__":
    sys.exit(main())
