"""Which run an output folder belongs to: everything that decides its results."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samn_jax import errors, files

FILE = "run.json"
_SHOWN = 3  # differences in a message
_CURE = "give another --output_dir or delete it"


def claim(root: Path, facts: dict[str, Any], results_dir: Path | None = None) -> None:
    """Makes a folder that of this run, unless it is already.

    Args:
      root: the folder; made if missing.
      facts: everything that decides the results, as JSON values.
      results_dir: where inside the run writes its results, if it makes any.

    Raises:
      InputError: it is that of another run, holds results of no known one, or can't be
        written.
    """
    # First of all: runs that share the folder write theirs only once they own it.
    has_results = results_dir is not None and any(results_dir.glob("*"))
    if not (root / FILE).is_file():
        if has_results:
            raise errors.InputError(
                f"{files.shown(results_dir)} holds files that no run has left there: "
                "give another --output_dir"
            )
        files.write_json(root / FILE, facts)
    check(root, facts)


def read(root: Path) -> dict[str, Any]:
    """Returns the facts of the run to which a folder belongs.

    Raises:
      InputError: it isn't the folder of a run.
    """
    path = root / FILE
    if not path.is_file():
        raise errors.InputError(
            f"{files.shown(path)} is missing: give the output folder of a tracking run"
        )
    return files.read_json_object(path, "the run can't be told, delete the folder")


def check(root: Path, facts: dict[str, Any]) -> None:
    """Makes sure that a folder belongs to the run of these facts.

    Raises:
      InputError: it does not; the message says what differs, with both values.
    """
    differences = list(_differences(read(root), json.loads(json.dumps(facts))))
    if differences:
        more = len(differences) - _SHOWN
        text = "; ".join(differences[:_SHOWN]) + (f"; {more} more" if more > 0 else "")
        raise errors.InputError(
            f"{files.shown(root)} holds the results of another run: {text}: {_CURE}"
        )


def _differences(former: Any, present: Any, name: str = "") -> Iterator[str]:
    """Yields what differs between JSON values, by dotted names."""
    if not (isinstance(former, dict) and isinstance(present, dict)):
        if former != present:
            old, new = _short(former), _short(present)
            yield f"{files.shown(name)} is {old} there and {new} now"
        return
    for key in sorted(former.keys() | present.keys()):
        pair = former.get(key), present.get(key)
        yield from _differences(*pair, f"{name}.{key}" if name else key)


def _short(value: Any) -> str:
    text = "absent" if value is None else files.shown(json.dumps(value))
    return text if len(text) <= 80 else f"{text[:77]}..."
