"""The folder of a run: what it is a run of, its starts, its model files."""

import contextlib
import dataclasses
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax

from samn_jax import files, provenance
from samn_jax.errors import InputError
from samn_jax.memory import registry, source
from samn_jax.models import model_file
from samn_jax.training import state as state_lib
from samn_jax.training.config import TrainConfig

IDENTITY_FILE = "config.json"
STARTS_FILE = "run.json"
FINISHED_FILE = "finished.json"
MODEL_FILE = "model.safetensors"
BEST_FILE = "best.safetensors"
# What may differ when a run goes on: none of it changes the weights. The file that it
# started from is compared by its content.
_FREE_SETTINGS = (
    *("init_from", "loader_threads", "sampling.cache_bytes"),
    *("log_every", "save_every", "validate_every", "track_every"),
)
_SHOWN_DIFFERENCES = 3


class Identity(NamedTuple):
    """What makes two runs the same one: equal identities give equal weights."""

    settings: TrainConfig
    start: dict[str, Any]  # name and SHA-256 of the weights it starts from
    data: dict[str, Any]  # fingerprint and counts

    def to_json(self) -> dict[str, Any]:
        """Returns it as JSON has it, with a fingerprint of a memory of one's own."""
        memory, code = self.settings.memory, ""
        if registry.is_file(memory.design):
            code = source.fingerprint(registry.build(memory))
        # Tuples become lists, as in what is read back.
        return json.loads(
            json.dumps(
                {
                    "settings": dataclasses.asdict(self.settings),
                    "start": self.start,
                    "data": self.data,
                    "memory_source": code,
                }
            )
        )


def claim(identity: Identity, folder: Path) -> None:
    """Makes the folder this run's, or checks that it is.

    Several hosts may do so at once.

    Raises:
      InputError: the folder can't be written to, a file in it is damaged, or it holds
        another run; the message says what differs and what to do.
    """
    path = folder / IDENTITY_FILE
    wanted = identity.to_json()
    if not path.exists():
        files.write_json(path, wanted)
    cure = "give another --output_dir, or remove the folder"
    saved = files.read_json_object(path, cure)
    changed = differences(saved, wanted)
    if changed:
        more = len(changed) - _SHOWN_DIFFERENCES
        listed = "; ".join(changed[:_SHOWN_DIFFERENCES])
        listed += f"; and {more} more" if more > 0 else ""
        raise InputError(
            f"{files.shown(folder)} holds another run ({listed}): go back to what it "
            f"was, {cure}"
        )
    read_starts(folder)
    files.write_json(path, wanted)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keeps a folder to this process for a block; it is free again if that is killed.

    Raises:
      InputError: another process trains in it.
    """
    with files.explained(folder):
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # Of a file system without locks.
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InputError(
                    f"another process trains in {files.shown(folder)}: wait for its "
                    "end, or give another --output_dir"
                ) from error
        yield
    finally:
        os.close(descriptor)


def differences(saved: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """Returns what keeps a run of one identity from going on as another, in words."""
    before, now = _flatten(saved), _flatten(wanted)
    free = {f"settings.{name}" for name in _FREE_SETTINGS} | {"start.name"}
    found = []
    for name in sorted(before.keys() | now.keys()):
        if name not in free and before.get(name) != now.get(name):
            shown = files.shown(name.removeprefix("settings."))
            old, new = (_brief(values.get(name)) for values in (before, now))
            found.append(f"{shown} was {old}, now {new}")
    return found


def _flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def _brief(value: Any) -> str:
    text = files.shown(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def read_starts(folder: Path) -> list[dict[str, Any]]:
    """Returns what was noted of each start of the run.

    Raises:
      InputError: the file is damaged.
    """
    path = folder / STARTS_FILE
    if not path.exists():
        return []
    try:
        starts = json.loads(files.read_bytes(path))
    except (ValueError, RecursionError):
        starts = None
    if not isinstance(starts, list) or not all(isinstance(s, dict) for s in starts):
        raise InputError(
            f"{files.shown(path)} is damaged: remove it, the run goes on without the "
            "list of its starts"
        )
    return starts


def remove_leftovers(folder: Path) -> None:
    """Removes the parts of files that a killed process left; no other may write now."""
    names = (IDENTITY_FILE, STARTS_FILE, FINISHED_FILE, MODEL_FILE, BEST_FILE)
    files.remove_leftovers(folder / name for name in names)


def record_start(identity: Identity, folder: Path, first_step: int) -> None:
    """Adds to run.json what this start runs on: commit, versions, devices, data.

    Raises:
      InputError: it can't be written.
    """
    start = {
        **provenance.describe(),
        "devices": provenance.devices(),
        "hosts": jax.process_count(),
        "seed": identity.settings.seed,
        "first_step": first_step,
        "start": identity.start,
        "data": identity.data,
    }
    files.write_json(folder / STARTS_FILE, [*read_starts(folder), start])


def record_finish(folder: Path, steps: int, seconds: float) -> None:
    """Notes that the run is finished, and how long it took in all its starts.

    Raises:
      InputError: it can't be written.
    """
    facts = {
        "steps": steps,
        "seconds": round(seconds, 1),
        "model_sha256": provenance.file_sha256(folder / MODEL_FILE),
    }
    files.write_json(folder / FINISHED_FILE, facts)


def read_finish(folder: Path) -> dict[str, Any] | None:
    """Returns what was noted at the run's end; None if it goes on.

    It goes on too if its model file is not the one that it ended with.
    """
    path, model = folder / FINISHED_FILE, folder / MODEL_FILE
    if not path.is_file() or not model.is_file():
        return None
    try:
        facts = files.read_json_object(path, "")
    except InputError:
        return None
    same = facts.get("model_sha256") == provenance.file_sha256(model)
    return facts if same else None


def export(
    config: TrainConfig,
    state: state_lib.TrainState,
    path: Path,
    notes: dict[str, Any],
) -> None:
    """Writes the averaged weights as a model file in float16.

    Equal runs give equal bytes.

    Raises:
      InputError: it can't be written.
    """
    variables = state_lib.join_params(state.average, state.frozen)
    settings = dataclasses.asdict(config)
    settings["init_from"] = Path(config.init_from).name  # No one else's folders.
    notes = {
        "steps": int(state.step),
        **notes,
        "tracker": {"memory": dataclasses.asdict(config.memory)},
        "train_config": settings,
    }
    model_file.save_model(path, config.model, variables, notes, dtype="float16")
