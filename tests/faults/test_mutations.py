"""The fuzz tests' own tools: they damage, repeatably, and let nothing else pass."""

import json
import random

import pytest

from samn_jax.errors import InputError
from tests.faults import mutations

GOOD = bytes(range(200))


def test_damage_is_of_many_kinds_and_follows_from_the_seed():
    def draw():
        return [mutations._change(random.Random(i), GOOD, 2) for i in range(300)]

    copies = draw()
    assert copies == draw()
    assert len(set(copies)) > 280
    lengths = {len(data) for data in copies}
    assert min(lengths) < 64 and max(lengths) > 1000 and len(GOOD) in lengths


def test_damaged_lines_and_values_differ_from_the_original():
    content = {"videos": {"a": {"objects": {"1": {"category": "cow"}}}}}
    files = {mutations._change_values(random.Random(i), content, 1) for i in range(200)}
    assert len(files) > 60
    assert sum(json.loads(data) == content for data in files) <= 1
    assert content == {"videos": {"a": {"objects": {"1": {"category": "cow"}}}}}
    texts = {
        mutations._change_lines(random.Random(i), "1,2\n3,4", 1) for i in range(99)
    }
    assert len(texts) > 20


def test_only_refusals_of_one_printable_line_pass():
    with mutations.only_input_errors():
        raise InputError("file a is damaged: copy it again")
    with mutations.only_input_errors():
        raise InputError("two\nlines")  # of which the error itself makes one
    with pytest.raises(KeyError), mutations.only_input_errors():
        raise KeyError("a")
