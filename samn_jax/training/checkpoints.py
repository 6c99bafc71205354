"""Saving and resuming a run: orbax checkpoints of state and data position."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import jax
import orbax.checkpoint as ocp

from samn_jax import files, provenance
from samn_jax.errors import InputError
from samn_jax.training.state import TrainState

FOLDER = "checkpoints"  # of a run folder
HASHES_FILE = "checkpoints.json"  # step → file → SHA-256
KEEP = 2  # the newest, beside the best


class Position(NamedTuple):
    """Where a run stands, apart from its state."""

    data: Any  # of the data iterator
    divergence: dict[str, float] | None = None  # of the watch over the loss
    best_score: float | None = None  # of the held-out clips
    seconds: float = 0.0  # of training, over all starts


class Checkpoints:
    """The checkpoints of one run folder.

    Saving is atomic and in the background. The hashes of what was saved are noted when
    it is whole, so that damage is told from everything else.
    """

    def __init__(self, run_folder: Path, *, chief: bool = True) -> None:
        """Opens them.

        Args:
          run_folder: of the run.
          chief: whether this host notes the hashes.
        """
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
        self._folder = (run_folder / FOLDER).absolute()
        self._hashes_path = run_folder / HASHES_FILE
        self._chief = chief
        if chief:
            files.remove_leftovers([self._hashes_path])
        with files.explained(self._folder):
            self._manager = ocp.CheckpointManager(self._folder, options=options)

    def save(
        self, step: int, state: TrainState, position: Position, score: float | None
    ) -> None:
        """Starts saving the state after `step` steps.

        Args:
          step: number of steps done.
          state: on the host; it must not change while it is written.
          position: where the run stands.
          score: of the held-out clips with these weights, if it was measured.

        Raises:
          InputError: this or the save before it can't be written.
        """
        self._finish()
        self._forget(step)
        position = position._replace(data=_to_json(position.data))
        try:
            self._manager.save(
                step,
                args=ocp.args.Composite(
                    state=ocp.args.StandardSave(state),
                    data=ocp.args.JsonSave(
                        {"position": position._asdict(), "shapes": _shapes(state)}
                    ),
                ),
                metrics=None if score is None else {"score": score},
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise self._unwritten(error) from error

    def restore(self, like: TrainState) -> tuple[TrainState, Position] | None:
        """Returns the newest state and position, or None if there is none.

        Args:
          like: a state of the same shapes, its values not used.

        Raises:
          InputError: the checkpoint is damaged, or of another network or optimizer; the
            message tells which.
        """
        step = self._manager.latest_step()
        if step is None:
            return None
        self._check_hashes(step)
        abstract = jax.tree.map(ocp.utils.to_shape_dtype_struct, like)
        try:
            noted = self._read(step, data=ocp.args.JsonRestore()).data
            self._check_same(step, noted["shapes"], abstract)
            state = self._read(step, state=ocp.args.StandardRestore(abstract)).state
            position = Position(**noted["position"])
            return state, position._replace(data=_from_json(position.data))
        except InputError:
            raise
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged(step) from error

    def _read(self, step: int, **items: Any) -> Any:
        return self._manager.restore(step, args=ocp.args.Composite(**items))

    def _check_same(
        self, step: int, saved: dict[str, list[int]], abstract: TrainState
    ) -> None:
        """Raises InputError if a checkpoint's arrays have other names or shapes."""
        if saved != _shapes(abstract):
            raise InputError(
                f"checkpoint {self._folder / str(step)} is of another network or "
                "optimizer than this code makes of the config: go back to the commit "
                "in run.json, give another --output_dir, or remove the folder"
            )

    def _check_hashes(self, step: int) -> None:
        """Raises InputError if a file of a checkpoint is not what was saved."""
        noted = self._hashes().get(str(step))
        if noted is not None and noted != self._hash(step):
            raise self._damaged(step)

    def _damaged(self, step: int) -> InputError:
        before = [other for other in self._manager.all_steps() if other < step]
        goes_on = f"goes on from step {max(before)}" if before else "begins anew"
        return InputError(
            f"checkpoint {self._folder / str(step)} is damaged: remove that folder, "
            f"and the run {goes_on}"
        )

    def _unwritten(self, error: Exception) -> InputError:
        """Returns the error of a save that failed."""
        reason = files.shown(str(error).strip().partition("\n")[0])
        steps = list(self._manager.all_steps())
        goes_on = f"goes on from step {max(steps)}" if steps else "begins anew"
        return InputError(
            f"{self._folder} can't be written ({reason}): free some space or make it "
            f"writable; the same command {goes_on}"
        )

    def _hashes(self) -> dict[str, dict[str, str]]:
        """Returns the noted hashes; a missing or damaged file has none."""
        try:
            return files.read_json_object(self._hashes_path, "")
        except InputError:
            return {}

    def _hash(self, step: int) -> dict[str, str]:
        root = self._folder / str(step)
        paths = sorted(path for path in root.rglob("*") if path.is_file())
        return {str(p.relative_to(root)): provenance.file_sha256(p) for p in paths}

    def _finish(self) -> None:
        """Waits for what is being saved, and notes its hashes.

        Raises:
          InputError: it could not be written.
        """
        try:
            self._manager.wait_until_finished()
            steps = self._manager.all_steps()
        except (OSError, ValueError, RuntimeError) as error:
            raise self._unwritten(error) from error
        noted = self._hashes()
        if not self._chief or noted.keys() == {str(step) for step in steps}:
            return
        hashes = {str(s): noted.get(str(s)) or self._hash(s) for s in sorted(steps)}
        files.write_json(self._hashes_path, hashes)

    def _forget(self, step: int) -> None:
        """Drops the hashes of a step that is saved anew, as its folder was removed."""
        noted = self._hashes()
        if self._chief and noted.pop(str(step), None) is not None:
            files.write_json(self._hashes_path, noted)

    def steps(self) -> list[int]:
        """Returns the steps that are kept, once all is written."""
        self._finish()
        return sorted(self._manager.all_steps())

    def close(self) -> None:
        """Waits for what is being saved."""
        self._finish()
        self._manager.close()


def newest(run_folder: Path) -> int:
    """Returns the newest step that a run has saved; 0 if there is none."""
    names = (path.name for path in (run_folder / FOLDER).glob("*"))
    return max((int(name) for name in names if name.isdecimal()), default=0)


def _score(metrics: dict[str, float]) -> float:
    return metrics["score"]


def _shapes(tree: Any) -> dict[str, list[int]]:
    """Returns name → shape of the arrays of a state."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {jax.tree_util.keystr(path): list(leaf.shape) for path, leaf in leaves}


def _to_json(data_state: Any) -> dict[str, str]:
    """Returns the iterator's state as JSON; grain gives bytes or a dict."""
    if isinstance(data_state, bytes):
        return {"bytes": data_state.decode()}
    return {"dict": json.dumps(data_state)}


def _from_json(saved: dict[str, str]) -> Any:
    if "bytes" in saved:
        return saved["bytes"].encode()
    return json.loads(saved["dict"])
