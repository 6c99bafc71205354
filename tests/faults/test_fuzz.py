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
from tests.faults import fuzz_data, fuzz_models, mutations, peak_memory

KINDS = fuzz_models.KINDS | fuzz_data.KINDS
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


@pytest.mark.parametrize("name", KINDS)
def test_damaged_files_end_in_one_line(tmp_path, worker, report, name):
    kind = KINDS[name]
    path = tmp_path / kind.name
    kind.write(path)
    worker.warm_up(kind.read, path)
    figures = {"inputs": 0, "refused": 0, "most_bytes": 0, "seconds": 0.0}
    report[name] = figures

    @mutations.fuzz
    @given(data=kind.damaged(path.read_bytes()))
    def check(data):
        path.write_bytes(data)
        outcome = worker.read(kind.read, path)
        with mutations.only_input_errors():
            if outcome.error:
                raise (InputError if outcome.refused else AssertionError)(outcome.error)
        assert outcome.growth <= kind.memory(len(data))
        figures["inputs"] += 1
        figures["refused"] += outcome.refused
        figures["most_bytes"] = max(figures["most_bytes"], outcome.growth)
        figures["seconds"] += outcome.seconds

    check()
    figures["seconds"] = round(figures["seconds"], 2)
    assert figures["refused"] > figures["inputs"] / 4


@pytest.mark.parametrize("name", fuzz_data.JSON_KINDS)
def test_deep_json_ends_in_one_line(tmp_path, worker, name):
    kind = KINDS[name]
    path = tmp_path / kind.name
    kind.write(path)
    content = json.loads(path.read_bytes())
    for depth in (300, 600, 900, 930, 960, 980, 990, 1100, 10**5):
        for one, other in (("[", "]"), ('{"a":', "}")):
            for key in content:
                text = json.dumps({**content, key: "DEEP"})
                deep = one * depth + "1" + other * depth
                path.write_text(text.replace('"DEEP"', deep))
                outcome = worker.read(kind.read, path)
                assert not outcome.error or outcome.refused, outcome.error
