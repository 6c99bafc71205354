"""A tracker for the got10k package (0.1), whose experiments run and score it.

python -m samn_jax.toolkits.got10k --data_dir GOT-10K --subset val --output_dir OUT
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from got10k import experiments
from got10k import trackers as got10k_trackers
from jaxtyping import Float

from samn_jax import errors
from samn_jax.evaluation.protocols import ope
from samn_jax.evaluation.trackers import interface
from samn_jax.evaluation.trackers import registry as trackers


class Got10kTracker(got10k_trackers.Tracker):
    """A tracker of boxes with the interface that got10k drives.

    Where the target is lost it answers with the box of the frame before.
    """

    def __init__(self, tracker: interface.VideoTracker, name: str = "SAMN") -> None:
        """Makes it from a tracker of the package; results are kept by its name."""
        super().__init__(name=name, is_deterministic=True)
        self._tracker = tracker
        self._state: Any = None
        self._box = np.zeros(4)

    def init(self, image: Any, box: Float[np.ndarray, "4"]) -> None:
        """Starts from a box (x, y, width, height) in an image of PIL."""
        self._box = np.asarray(box, np.float64)
        start = tuple(self._box.tolist())
        self._state, _ = self._tracker.init(_to_frame(image), box_xywh=start)

    def update(self, image: Any) -> Float[np.ndarray, "4"]:
        """Returns the box (x, y, width, height) in the next image."""
        self._state, output = interface.step(
            self._tracker, self._state, _to_frame(image)
        )
        answer = np.asarray(output.box_xywh, np.float64)
        self._box = ope.box_or_last(answer, self._box)
        return self._box


def _to_frame(image: Any) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


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
    flags = parser.parse_args(arguments)
    try:
        tracker, _ = trackers.load_tracker(flags.tracker, flags.checkpoint, flags.set)
    except errors.InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    output_dir = Path(flags.output_dir)
    experiment = experiments.ExperimentGOT10k(
        str(flags.data_dir),
        subset=flags.subset,
        result_dir=str(output_dir / "results"),
        report_dir=str(output_dir / "reports"),
    )
    experiment.run(Got10kTracker(tracker, flags.tracker))
    experiment.report([flags.tracker])
    return 0


if __name__ == "__main__":
    sys.exit(main())
