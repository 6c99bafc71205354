"""Readers run in a process of their own, whose memory is limited and measured.

What a reader takes is read from the kernel (`VmHWM`), reset before each file, and
counted from what the process held when it was warm, so nothing is hidden that it keeps.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import resource
import select
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
ADDRESS_SPACE = 2 * 2**30  # beyond what the warm process has
SECONDS = 120


class Outcome(NamedTuple):
    """What became of one file."""

    error: str  # "" if it was read, the line of an InputError, or a traceback
    refused: bool  # by an InputError
    growth: int  # bytes of memory at most beyond the warm process
    seconds: float


class Worker:
    """A process that reads files when told to."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.peak_memory"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read(self, reader: str, path: Path) -> Outcome:
        """Returns what `reader`, as `package.module:function`, makes of a file."""
        return Outcome(**self._ask(reader=reader, path=str(path)))

    def warm_up(self, reader: str, path: Path) -> None:
        """Reads a good file, and counts memory from here on."""
        outcome = self.read(reader, path)
        assert not outcome.error, outcome.error
        self._ask(warm=True)

    def _ask(self, **question: Any) -> Any:
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], SECONDS)
        assert ready, f"no answer in {SECONDS} seconds: {question}"
        line = self._process.stdout.readline()
        assert line, f"the reader's process died: {question}"
        return json.loads(line)

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()


@contextlib.contextmanager
def worker() -> Iterator[Worker]:
    """Gives a process to read files in, or skips where memory can't be measured."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("the peak of memory can't be reset on this system")
    made = Worker()
    try:
        yield made
    finally:
        made.close()


def _memory(name: str) -> int:
    """Returns a figure of this process in bytes, such as its peak (VmHWM)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def _outcome(reader: str, path: Path, baseline: int) -> dict[str, Any]:
    import time

    from samn_jax.errors import InputError

    module, _, function = reader.partition(":")
    read = getattr(importlib.import_module(module), function)
    Path("/proc/self/clear_refs").write_text("5")
    error, refused, start = "", False, time.perf_counter()
    try:
        read(path)
    except InputError as reason:
        error, refused = str(reason), True
    except Exception:
        error = traceback.format_exc()
    seconds = time.perf_counter() - start
    growth = _memory("VmHWM") - baseline
    return {"error": error, "refused": refused, "growth": growth, "seconds": seconds}


def _serve() -> None:
    baseline = _memory("VmRSS")
    for line in sys.stdin:
        question = json.loads(line)
        if question.get("warm"):
            gc.collect()
            ctypes.CDLL(None).malloc_trim(0)  # Memory that is free counts as taken.
            baseline = _memory("VmRSS")
            most = _memory("VmSize") + ADDRESS_SPACE
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))
            answer: Any = {}
        else:
            answer = _outcome(question["reader"], Path(question["path"]), baseline)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve()
