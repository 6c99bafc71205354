"""Saving and resuming a run: orbax checkpoints of state and data position."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import jax
import orbax.checkpoint as ocp

from samn_jax.errors import InputError
from samn_jax.training.state import TrainState

KEEP = 2  # the newest, beside the best


class Position(NamedTuple):
    """Where a run stands, apart from its state."""

    data: Any  # of the data iterator
    guard: dict[str, float] | None = None  # of the watch over the loss
    best_score: float | None = None  # of the held-out clips


class Checkpoints:
    """The checkpoints of one run folder; saving is atomic and in the background."""

    def __init__(self, folder: Path) -> None:
        keep = ocp.checkpoint_managers
        policy = keep.AnyPreservationPolicy(
            [
                keep.LatestN(KEEP),
                keep.BestN(
                    get_metric_fn=_score, n=1, keep_checkpoints_without_metrics=False
                ),
            ]
        )
        options = ocp.CheckpointManagerOptions(
            preservation_policy=policy, best_fn=_score, cleanup_tmp_directories=True
        )
        self._manager = ocp.CheckpointManager(folder.absolute(), options=options)

    def save(
        self, step: int, state: TrainState, position: Position, score: float | None
    ) -> None:
        """Starts saving the state after `step` steps.

        Args:
          step: number of steps done.
          state: on the host; it must not change while it is written.
          position: where the run stands.
          score: of the held-out clips with these weights, if it was measured.
        """
        position = position._replace(data=_to_json(position.data))
        self._manager.save(
            step,
            args=ocp.args.Composite(
                state=ocp.args.StandardSave(state),
                data=ocp.args.JsonSave(position._asdict()),
            ),
            metrics=None if score is None else {"score": score},
        )

    def restore(self, like: TrainState) -> tuple[TrainState, Position] | None:
        """Returns the newest state and position, or None if there is none.

        Args:
          like: a state of the same shapes, its values not used.

        Raises:
          InputError: the checkpoint is of another network or optimizer.
        """
        step = self._manager.latest_step()
        if step is None:
            return None
        abstract = jax.tree.map(ocp.utils.to_shape_dtype_struct, like)
        try:
            restored = self._manager.restore(
                step,
                args=ocp.args.Composite(
                    state=ocp.args.StandardRestore(abstract),
                    data=ocp.args.JsonRestore(),
                ),
            )
        except (ValueError, KeyError, TypeError) as error:
            folder = self._manager.directory / str(step)
            raise InputError(
                f"checkpoint {folder} is of another network or optimizer: give another "
                "--output_dir, or remove the folder"
            ) from error
        saved = restored.data
        # Checkpoints of earlier versions hold the data's position alone.
        fields = saved if "data" in saved else {"data": saved}
        position = Position(**fields)
        return restored.state, position._replace(data=_from_json(position.data))

    def steps(self) -> list[int]:
        """Returns the steps that are kept, once all is written."""
        self._manager.wait_until_finished()
        return sorted(self._manager.all_steps())

    def close(self) -> None:
        """Waits for what is being saved."""
        self._manager.wait_until_finished()
        self._manager.close()


def _score(metrics: dict[str, float]) -> float:
    return metrics["score"]


def _to_json(data_state: Any) -> dict[str, str]:
    """Returns the iterator's state as JSON; grain gives bytes or a dict."""
    if isinstance(data_state, bytes):
        return {"bytes": data_state.decode()}
    return {"dict": json.dumps(data_state)}


def _from_json(saved: dict[str, str]) -> Any:
    if "bytes" in saved:
        return saved["bytes"].encode()
    return json.loads(saved["dict"])
