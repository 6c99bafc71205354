"""The examples in docstrings give what they show."""

import doctest
import importlib

import pytest

MODULES = (
    "samn_jax.geometry.boxes",
    "samn_jax.geometry.polygons",
    "samn_jax.losses",
    "samn_jax.metrics.davis",
    "samn_jax.metrics.sot",
    "samn_jax.memory.read",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module_run(name):
    module = importlib.import_module(name)
    results = doctest.testmod(module)
    assert results.attempted > 0 and results.failed == 0
