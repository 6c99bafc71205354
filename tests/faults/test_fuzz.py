"""Damaged files of every kind that others make: refused in one line, at bounded memory.

Data sets: `test_data_fuzz`. How to make the run long: `mutations`.
"""

import json

import pytest
from hypothesis import given

from samn_jax.errors import InputError
from tests.faults import fuzz_data, fuzz_models, fuzz_states, mutations, peak_memory

KINDS = fuzz_models.KINDS | fuzz_data.KINDS | fuzz_states.KINDS


@pytest.fixture(scope="module")
def worker():
    with peak_memory.worker() as made:
        yield made


def raise_error(outcome):
    if outcome.error:
        raise (InputError if outcome.refused else AssertionError)(outcome.error)


@pytest.mark.parametrize("name", KINDS)
def test_damaged_files_end_in_one_line(tmp_path, worker, name):
    kind, refused, growths = KINDS[name], [], []
    path = tmp_path / kind.name
    kind.write(path)
    worker.warm_up(kind.read, path)

    @mutations.fuzz
    @given(data=kind.damaged(path.read_bytes()))
    def check(data):
        path.write_bytes(data)
        outcome = worker.read(kind.read, path)
        with mutations.only_input_errors():
            raise_error(outcome)
        assert outcome.growth <= kind.memory(len(data))
        mutations.count(seconds=outcome.seconds)
        refused.append(outcome.refused)
        growths.append(outcome.growth)

    check()
    mutations.count(most_bytes=max(growths))
    assert sum(refused) > len(refused) / 4


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
                with mutations.only_input_errors():
                    raise_error(worker.read(kind.read, path))
