"""Stops a run whose loss diverges, and keeps the batch that it was shown."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from samn_jax import files
from samn_jax.errors import InputError

WINDOW = 20  # steps whose mean loss is the measure of later ones
DIVERGED = 4.0  # times that loss
SMOOTHING = 0.9  # of the loss that is compared, from step to step


class DivergedError(InputError):
    """The loss is no number, or far above where it began."""


@dataclasses.dataclass
class DivergenceMonitor:
    """Watches the loss of every step.

    It looks at `plain_loss`, which counts all pixels alike: the loss that is minimized
    rises by itself as the share of hardest pixels falls.

    Attributes:
      folder: where a dump goes.
      names: of photos and videos, as a batch's `source` counts them.
      seen: number of steps seen, up to `WINDOW`.
      first: mean of their plain losses.
      recent: the smoothed plain loss.
    """

    folder: Path
    names: list[str]
    seen: int = 0
    first: float = 0.0
    recent: float = 0.0

    def check(
        self, step: int, metrics: dict[str, float], arrays: dict[str, np.ndarray]
    ) -> None:
        """Takes note of a step.

        Raises:
          DivergedError: the loss or the gradient is no finite number, or the smoothed
            plain loss is `DIVERGED` times that of the first steps; after a dump of the
            batch.
        """
        loss = metrics["plain_loss"]
        if not np.isfinite(loss) or not np.isfinite(metrics["gradient_norm"]):
            self._stop(step, f"the loss is {loss}", metrics, arrays)
        if self.seen < WINDOW:
            self.first = (self.first * self.seen + loss) / (self.seen + 1)
            self.seen += 1
            self.recent = loss
            return
        self.recent = SMOOTHING * self.recent + (1.0 - SMOOTHING) * loss
        if self.recent > DIVERGED * self.first:
            problem = f"the loss has risen from {self.first:.3g} to {self.recent:.3g}"
            self._stop(step, problem, metrics, arrays)

    def state(self) -> dict[str, float]:
        """Returns what a checkpoint keeps."""
        return {"seen": float(self.seen), "first": self.first, "recent": self.recent}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes over what a checkpoint kept."""
        self.seen = int(state["seen"])
        self.first, self.recent = float(state["first"]), float(state["recent"])

    def _stop(
        self,
        step: int,
        problem: str,
        metrics: dict[str, float],
        arrays: dict[str, np.ndarray],
    ) -> None:
        names = [self.names[i] for i in arrays["source"]]
        path = self.folder / f"diverged-{step}.npz"
        values: dict[str, Any] = {"step": step, "names": np.array(names)}
        values |= {**metrics, **arrays}
        kept = f"is in {path}"
        try:
            with files.whole_file(path) as partial:
                np.savez_compressed(partial, **values)
        except InputError as error:
            kept = f"could not be kept ({error})"
        raise DivergedError(
            f"step {step}: {problem}; the batch ({', '.join(names)}) {kept}. Try a "
            "lower optimizer.learning_rate; the last checkpoint is from before"
        )
