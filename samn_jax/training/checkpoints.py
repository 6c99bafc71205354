"""Saving and resuming a run: orbax checkpoints of state and data position."""

import json
from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp

from samn_jax.training.state import TrainState

KEEP = 2


class Checkpoints:
    """The checkpoints of one run folder; saving is atomic and in the background."""

    def __init__(self, folder: Path) -> None:
        options = ocp.CheckpointManagerOptions(max_to_keep=KEEP)
        self._manager = ocp.CheckpointManager(folder.absolute(), options=options)

    def save(self, step: int, state: TrainState, data_state: Any) -> None:
        """Starts saving the state after `step` steps and the data's position."""
        self._manager.save(
            step,
            args=ocp.args.Composite(
                state=ocp.args.StandardSave(state),
                data=ocp.args.JsonSave(_to_json(data_state)),
            ),
        )

    def restore(self, like: TrainState) -> tuple[TrainState, Any] | None:
        """Returns the newest state and data position, or None if there is none.

        Args:
          like: a state of the same shapes, its values not used.
        """
        step = self._manager.latest_step()
        if step is None:
            return None
        abstract = jax.tree.map(ocp.utils.to_shape_dtype_struct, like)
        restored = self._manager.restore(
            step,
            args=ocp.args.Composite(
                state=ocp.args.StandardRestore(abstract), data=ocp.args.JsonRestore()
            ),
        )
        return restored.state, _from_json(restored.data)

    def close(self) -> None:
        """Waits for what is being saved."""
        self._manager.wait_until_finished()
        self._manager.close()


def _to_json(data_state: Any) -> dict[str, str]:
    """Returns the iterator's state as JSON; grain gives bytes or a dict."""
    if isinstance(data_state, bytes):
        return {"bytes": data_state.decode()}
    return {"dict": json.dumps(data_state)}


def _from_json(saved: dict[str, str]) -> Any:
    if "bytes" in saved:
        return saved["bytes"].encode()
    return json.loads(saved["dict"])
