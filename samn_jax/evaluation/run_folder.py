"""The output folder of a run: what is finished stays finished.

`run.json` says which run the folder belongs to. Results are `masks/<sequence>/
<frame>.png`, or in `results/` in the benchmark's own layout. `finished/<sequence>.json`
appears when all results of a sequence are there, `failed/<sequence>.txt` when it could
not be tracked.
"""

import dataclasses
import json
import os
import traceback
import uuid
from pathlib import Path
from typing import Any

from samn_jax import errors
from samn_jax.data import types


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """Paths and records of one run, made by `open_run`.

    Attributes:
      root: the output folder.
      has_masks: whether results are masks, one a frame.
    """

    root: Path
    has_masks: bool = True

    @property
    def results_dir(self) -> Path:
        """Where the results go."""
        return self.root / ("masks" if self.has_masks else "results")

    def mask_path(self, sequence: types.Sequence, index: int) -> Path:
        """File of the resulting mask of one frame."""
        return self.results_dir / sequence.name / f"{sequence.frame_names[index]}.png"

    def record_path(self, sequence: types.Sequence) -> Path:
        """File of what `finish` was given."""
        return self.root / "finished" / f"{sequence.name}.json"

    def finish(self, sequence: types.Sequence, record: dict[str, Any]) -> None:
        """Mark a sequence as finished, with its timings."""
        write_json(self.record_path(sequence), record)
        self._failure_path(sequence).unlink(missing_ok=True)

    def record_of(self, sequence: types.Sequence) -> dict[str, Any] | None:
        """What `finish` was given, None if the sequence isn't wholly there."""
        path = self.record_path(sequence)
        frames = range(sequence.num_frames if self.has_masks else 0)
        if not path.is_file():
            return None
        if not all(self.mask_path(sequence, index).is_file() for index in frames):
            return None
        return json.loads(path.read_text())

    def note_failure(self, sequence: types.Sequence, error: Exception) -> str:
        """What went wrong in one line; where it wasn't the input, all of it in a file.

        Args:
          sequence: what could not be tracked.
          error: why.
        """
        if isinstance(error, errors.InputError):
            return str(error)
        path = self._failure_path(sequence)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)))
        first_line = next(iter(str(error).splitlines()), "")
        return f"{type(error).__name__}: {first_line} (see {path})"

    def _failure_path(self, sequence: types.Sequence) -> Path:
        return self.root / "failed" / f"{sequence.name}.txt"


def open_run(root: Path, identity: dict[str, Any], has_masks: bool = True) -> RunFolder:
    """The folder of this run, new or to be continued.

    Several processes may work in one folder, each on sequences of its own.

    Args:
      root: output folder; made if missing.
      identity: everything that decides the results, as JSON values.
      has_masks: whether results are masks, one a frame.

    Raises:
      InputError: if the folder belongs to a run of another identity.
    """
    path = root / "run.json"
    if path.is_file():
        check_identity(root, identity)
    else:
        write_json(path, identity)
    return RunFolder(root, has_masks)


def read_identity(root: Path) -> dict[str, Any]:
    """The identity of the run to which a folder belongs.

    Raises:
      InputError: if it isn't the folder of a run.
    """
    path = root / "run.json"
    if not path.is_file():
        raise errors.InputError(
            f"{path} is missing: give the output folder of a tracking run"
        )
    return json.loads(path.read_text())


def check_identity(root: Path, identity: dict[str, Any]) -> None:
    """Make sure that a folder belongs to this run.

    Raises:
      InputError: if it does not, naming what differs.
    """
    former, identity = read_identity(root), json.loads(json.dumps(identity))
    differing = sorted(
        key
        for key in former.keys() | identity.keys()
        if former.get(key) != identity.get(key)
    )
    if differing:
        raise errors.InputError(
            f"{root} holds the results of another run (it differs in "
            f"{', '.join(differing)}): give another --output_dir or delete it"
        )


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file in one step, so that it is never half there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: other processes may be writing the same file.
    partial = path.with_suffix(f".{uuid.uuid4().hex}.partial")
    partial.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n")
    os.replace(partial, path)
