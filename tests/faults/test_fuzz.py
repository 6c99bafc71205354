"""Damaged files of every kind that others make: refused in one line, at bounded memory.

A few hundred in every run; `SAMN_FUZZ_EXAMPLES=5000` reads as many of each kind, and
`SAMN_FUZZ_REPORT=FILE` writes what became of them.
"""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given

from samn_jax.errors import InputError
from tests.faults import fuzz_readers, mutations, peak_memory

REPORT = os.environ.get("SAMN_FUZZ_REPORT")


@pytest.fixture(scope="module")
def worker():
    with peak_memory.worker() as made:
        yield made


@pytest.fixture(scope="module")
def report():
    figures = {}
    yield figures
    if REPORT:
        Path(REPORT).write_text(json.dumps(figures, indent=2) + "\n")


@pytest.mark.parametrize("kind", fuzz_readers.READERS)
def test_damaged_files_end_in_one_line(tmp_path, worker, report, kind):
    reader = fuzz_readers.READERS[kind]
    read = f"{fuzz_readers.__name__}:{reader.read}"
    path = tmp_path / f"file{reader.suffix}"
    reader.write(path)
    worker.warm_up(read, path)
    figures = {"inputs": 0, "refused": 0, "most_bytes": 0, "seconds": 0.0}
    report[kind] = figures

    @mutations.fuzz
    @given(data=reader.damaged(path.read_bytes()))
    def check(data):
        path.write_bytes(data)
        outcome = worker.read(read, path)
        with mutations.only_input_errors():
            if outcome.error:
                raise (InputError if outcome.refused else AssertionError)(outcome.error)
        assert outcome.growth <= reader.memory(len(data))
        figures["inputs"] += 1
        figures["refused"] += outcome.refused
        figures["most_bytes"] = max(figures["most_bytes"], outcome.growth)
        figures["seconds"] = round(figures["seconds"] + outcome.seconds, 3)

    check()
    assert figures["refused"] > figures["inputs"] / 4
