"""The suites by name, and those of a file."""

import dataclasses
import json
import typing
from pathlib import Path
from typing import Any

from samn_jax import errors, files, own_code
from samn_jax.errors import InputError
from samn_jax.lab import ablation
from samn_jax.lab.controls import RING, controls
from samn_jax.lab.script import Script
from samn_jax.lab.suite import LONG, Clips, Suite

_FUNCTION = "get_suite"

_ABSENT = ("hidden_10", "hidden_50", "away")
_CHANGED = ("slow_change", "sudden_change", "scale", "light")
QUICK = Suite(
    name="quick",
    base=RING,
    controls=controls(),
    scripts=(Script("mixed", (*_ABSENT, "look_alike", "sudden_change", "light"), 600),),
    clips=Clips(limit=8),
)
FULL = Suite(
    name="full",
    base=RING,
    controls=controls(noise_seeds=2),
    scripts=(
        Script("drift", (), 2000),
        Script("absent", (*_ABSENT, *_ABSENT, "hidden_200"), 2000),
        Script("look_alikes", 6 * ("look_alike",), 2000),
        Script("changed", 3 * _CHANGED, 2000),
        Script("mixed", (*_ABSENT, *_CHANGED, "hidden_200", "look_alike"), 2000),
    ),
    seeds=(0, 1, 2),
    clips=Clips(objects=0, long=LONG),
    loops=("closed", "open"),
)
SUITES = {suite.name: suite for suite in (QUICK, FULL, ablation.ABLATION)}


def find(name_or_path: str) -> Suite:
    """Returns the suite of that name, or of a file.

    A Python file has a function `get_suite`; a JSON file holds the fields of `Suite`.

    Raises:
      InputError: there is none, or the file can't be used.
    """
    if name_or_path in SUITES:
        return SUITES[name_or_path]
    path = Path(name_or_path)
    if path.suffix == ".py":
        return _from_python(path)
    if path.suffix == ".json":
        content = files.read_json_object(path, "give a file with the fields of a suite")
        return _built(Suite, content, files.shown(path))
    raise InputError(
        f"suite {files.shown(name_or_path)} is unknown: choose from "
        f"{', '.join(SUITES)}, or give a .py or .json file"
    )


def _from_python(path: Path) -> Suite:
    text = files.read_bytes(path, "suite")
    try:
        with own_code.same_folder():
            module = own_code.run(path, text, f"samn_jax_suite_{path.stem}")
            suite = vars(module)[_FUNCTION]()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # Whatever a stranger's file may raise.
        line = errors.line_in(error, str(path))
        place = f"suite {files.shown(path)}{f':{line}' if line else ''}"
        if isinstance(error, InputError):
            raise InputError(f"{place}: {error}") from error
        raise InputError(
            f"{place} can't be run ({errors.reason_of(error)}): let {_FUNCTION}() "
            "return a Suite"
        ) from error
    if not isinstance(suite, Suite):
        raise InputError(
            f"suite {files.shown(path)}: let {_FUNCTION}() return a "
            "samn_jax.lab.suite.Suite"
        )
    return suite


def _built(kind: type, content: dict[str, Any], place: str) -> Any:
    """Returns a dataclass of JSON values, its parts too.

    Raises:
      InputError: a field is unknown, missing or of another type.
    """
    hints = typing.get_type_hints(kind)
    known = [field.name for field in dataclasses.fields(kind)]
    values = {}
    for name, value in content.items():
        if name not in known:
            raise InputError(
                f"{place} has a field {files.shown(name)}: choose from "
                f"{', '.join(known)}"
            )
        values[name] = _value(hints[name], value, f"{place}: {name}")
    try:
        return kind(**values)
    except TypeError as error:
        raise InputError(f"{place} lacks a field ({error}): add it") from error


def _value(hint: Any, value: Any, place: str) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return _built(typing.cast(type, hint), value, place)
    if typing.get_origin(hint) is tuple and isinstance(value, list):
        inner = typing.get_args(hint)[0]
        return tuple(_value(inner, x, place) for x in value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    if hint is float and type(value) is int:
        return value
    raise InputError(
        f"{place} is {files.shown(json.dumps(value))}: see samn_jax/lab/suite.py for "
        "what it must be"
    )
