"""The output folder of a run: what is finished stays finished.

`run.json` says which run the folder belongs to, `masks/<sequence>/<frame>.png` are the
results, and `finished/<sequence>.json` appears when all frames of one are there.
"""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from samn_jax import errors
from samn_jax.data import types


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """Paths and records of one run, made by `open_run`."""

    root: Path

    @property
    def masks_dir(self) -> Path:
        """Where the result masks go."""
        return self.root / "masks"

    def mask_path(self, sequence: types.Sequence, index: int) -> Path:
        """File of the result of one frame."""
        return self.masks_dir / sequence.name / f"{sequence.frame_names[index]}.png"

    def finish(self, sequence: types.Sequence, record: dict[str, Any]) -> None:
        """Mark a sequence as finished, with its timings."""
        write_json(self._record_path(sequence), record)

    def record_of(self, sequence: types.Sequence) -> dict[str, Any] | None:
        """What `finish` was given, None if the sequence isn't wholly there."""
        path = self._record_path(sequence)
        frames = range(sequence.num_frames)
        if not path.is_file():
            return None
        if not all(self.mask_path(sequence, index).is_file() for index in frames):
            return None
        return json.loads(path.read_text())

    def _record_path(self, sequence: types.Sequence) -> Path:
        return self.root / "finished" / f"{sequence.name}.json"


def open_run(root: Path, identity: dict[str, Any]) -> RunFolder:
    """The folder of this run, new or to be continued.

    Args:
      root: output folder; made if missing.
      identity: everything that decides the results, as JSON values.

    Raises:
      InputError: if the folder belongs to a run of another identity.
    """
    path = root / "run.json"
    identity = json.loads(json.dumps(identity))
    if path.is_file():
        former = json.loads(path.read_text())
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
    else:
        write_json(path, identity)
    return RunFolder(root)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file in one step, so that it is never half there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n")
    os.replace(partial, path)
