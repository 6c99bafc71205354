"""Suites of one's own files."""

import json

import pytest

from samn_jax.errors import InputError
from samn_jax.lab import suites

SUITE = """
import dataclasses
from samn_jax.lab.suites import QUICK

def get_suite():
    return dataclasses.replace(QUICK, name="tiny", seeds=(0, 1))
"""


def test_a_python_file_is_a_suite(tmp_path):
    path = tmp_path / "tiny.py"
    path.write_text(SUITE)
    found = suites.find(str(path))
    assert (found.name, found.seeds) == ("tiny", (0, 1))
    assert found.scripts == suites.QUICK.scripts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SUITE.replace("seeds", "sets"), "tiny.py:6 can't be run .TypeError: .*'sets'"),
        (SUITE.replace("QUICK,", "QUIK,"), "tiny.py:6 .*NameError: name 'QUIK'"),
        (SUITE.replace("get_suite", "suite"), "can't be run .*let get_suite"),
        (SUITE.replace("return", "2 +"), "tiny.py:6 can't be run .TypeError"),
    ],
)
def test_a_file_that_fails_is_told_with_its_line(tmp_path, text, words):
    path = tmp_path / "tiny.py"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        suites.find(str(path))


def test_a_field_that_a_json_file_misspells_is_told(tmp_path):
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps({"name": "tiny", "sedes": [0]}))
    with pytest.raises(InputError, match="a field sedes: choose from name, base"):
        suites.find(str(path))
