"""Golden files: those of the repository, and any more in the folder SAMN_GOLDEN."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "golden"
MORE = Path(os.environ.get("SAMN_GOLDEN", ROOT.parent / "shared" / "golden"))


def files(*patterns: str) -> list:
    """Returns one test parameter for each file that matches a pattern.

    A file of SAMN_GOLDEN that is the same in the repository counts once. A pattern
    without a file is a skip that says where one was looked for.
    """
    return [parameter for pattern in patterns for parameter in _matching(pattern)]


def _matching(pattern: str) -> list:
    found = sorted(HERE.glob(pattern))
    found += [path for path in sorted(MORE.glob(pattern)) if not _is_here(path)]
    if found:
        return [pytest.param(path, id=path.stem) for path in found]
    reason = f"no {pattern} in {MORE} (set SAMN_GOLDEN to a folder)"
    return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id=pattern)]


def _is_here(path: Path) -> bool:
    twin = HERE / path.name
    return twin.is_file() and twin.read_bytes() == path.read_bytes()
