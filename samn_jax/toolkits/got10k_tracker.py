"""A tracker that the got10k package (0.1) can drive; importing this needs got10k."""

from typing import Any

import numpy as np
from got10k import trackers as got10k_trackers
from jaxtyping import Float

from samn_jax.evaluation.protocols import ope
from samn_jax.evaluation.trackers import interface


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
