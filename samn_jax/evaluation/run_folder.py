"""The output folder of a run: what is finished stays finished.

`run.json` says which run the folder belongs to. Results are in `masks/` or `results/`,
in the benchmark's own layout. `data/<video>.json` says what the video was when it was
begun, `finished/<video>.json` appears when all its results are there, and
`failed/<video>.txt` when it could not be tracked. Each file is whole or absent, and a
damaged one costs its own video alone.
"""

import contextlib
import dataclasses
import traceback
from pathlib import Path
from typing import Any

from samn_jax import errors, files, places
from samn_jax.data import types
from samn_jax.evaluation import fingerprint, identity, records
from samn_jax.evaluation.protocols import protocol as protocol_lib


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """Paths and records of one run, made by `open_run`.

    Attributes:
      root: the output folder.
      protocol: of the benchmark; it knows the result files.
    """

    root: Path
    protocol: protocol_lib.Protocol

    @property
    def results_dir(self) -> Path:
        """Returns the folder of the results."""
        return self.root / self.protocol.folder

    def result_files(self, sequence: types.Sequence) -> list[Path]:
        """Returns the files of a video's results."""
        return self.protocol.result_files(sequence, self.results_dir)

    def record_path(self, sequence: types.Sequence) -> Path:
        """Returns the file of what `finish` was given."""
        return self._path("finished", sequence, ".json")

    def data_path(self, sequence: types.Sequence) -> Path:
        """Returns the file of the video's fingerprint."""
        return self._path("data", sequence, ".json")

    def record_of(self, sequence: types.Sequence) -> records.Record | None:
        """Returns what `finish` was given, None unless all of the video is whole."""
        try:
            values = files.read_json_object(self.record_path(sequence), "")
        except errors.InputError:
            return None
        record = records.from_json(values)
        if record is None or self.data_of(sequence) is None:
            return None
        results = self.result_files(sequence)
        is_same = records.digest(results) == record.results_sha256
        return record if results and is_same else None

    def data_of(self, sequence: types.Sequence) -> dict[str, Any] | None:
        """Returns the fingerprint of the video that was begun, None if it's damaged."""
        try:
            former = files.read_json_object(self.data_path(sequence), "")
        except errors.InputError:
            return None
        return former if fingerprint.is_whole(former) else None

    def check_data(self, sequence: types.Sequence) -> None:
        """Makes sure that the video is the one that was finished, if it was.

        Raises:
          InputError: it has changed; the message says what and what to do.
        """
        former = self.data_of(sequence)
        if former is None or not self.record_path(sequence).exists():
            return
        changed = fingerprint.difference(former, sequence)
        if changed:
            path = files.shown(self.record_path(sequence))
            raise errors.InputError(
                f"video {files.shown(sequence.name)} has changed since it was tracked "
                f"into this folder: {changed}: delete {path} to track it again, or "
                "give another --output_dir"
            )

    def begin(self, sequence: types.Sequence, *, afresh: bool = False) -> None:
        """Makes ready for a video that isn't finished.

        Whole results of one that was cut off stay. Those of one that has changed since,
        or whose record or fingerprint is damaged, go; `afresh` all do.
        """
        record, former = self.record_path(sequence), self.data_of(sequence)
        results = self.result_files(sequence)
        files.remove_leftovers([record, self.data_path(sequence), *results])
        is_whole = former is not None and not record.exists() and not afresh
        if former is None or not is_whole or fingerprint.difference(former, sequence):
            for path in (record, *results):
                with files.explained(path):
                    path.unlink(missing_ok=True)
            files.write_json(self.data_path(sequence), fingerprint.take(sequence))

    def finish(self, sequence: types.Sequence, record: records.Record) -> None:
        """Marks a video as finished."""
        files.write_json(self.record_path(sequence), record._asdict())
        with contextlib.suppress(OSError):
            self._path("failed", sequence, ".txt").unlink(missing_ok=True)

    def note_failure(self, sequence: types.Sequence, error: Exception) -> str:
        """Returns what went wrong in one line; it never fails itself.

        Where it wasn't the input, all of it goes into a file, if that can be written.

        Args:
          sequence: what could not be tracked.
          error: why.
        """
        if isinstance(error, errors.InputError):
            return str(error)
        first_line = next(iter(errors.said(error).splitlines()), "")
        problem = f"{type(error).__name__}: {files.shown(first_line)}"
        try:
            path = self._path("failed", sequence, ".txt")
            files.write_text(path, "".join(traceback.format_exception(error)))
        except errors.InputError:
            return problem
        return f"{problem} (see {path})"

    def _path(self, folder: str, sequence: types.Sequence, suffix: str) -> Path:
        path = self.root / folder / f"{sequence.name}{suffix}"
        return places.inside(self.root, path)


def open_run(
    root: Path, protocol: protocol_lib.Protocol, facts: dict[str, Any]
) -> RunFolder:
    """Returns the folder of this run, new or to be continued.

    Several processes may work in one folder, each on videos of its own.

    Args:
      root: output folder; made if missing.
      protocol: of the benchmark.
      facts: everything that decides the results, as JSON values.

    Raises:
      InputError: the folder belongs to another run, holds what no run has left, or
        can't be written.
    """
    folder = RunFolder(root, protocol)
    identity.claim(root, facts, folder.results_dir)
    return folder
