"""What a user is told of an error: its first line, and the names that there are."""

import types
from typing import NamedTuple

import pytest

from samn_jax import errors


class Pair(NamedTuple):
    left: int = 1
    right: int = 2


class Many:
    """Has more names than are shown."""


for number in range(errors._SHOWN_NAMES + 1):
    setattr(Many, f"name_{number}", number)


@pytest.mark.parametrize(
    ("holder", "name", "words"),
    [
        (Pair(), "lefft", "attribute 'lefft'; it has left, right"),
        (errors, "InputErorr", "it has InputError, as_told, "),
        (Many(), "name_16x", "it has name_16"),
        (Many(), "xyz", "no attribute 'xyz'"),
        (types.SimpleNamespace(), "xyz", "no attribute 'xyz'"),
    ],
)
def test_of_a_name_that_is_not_there_those_are_told_that_are(holder, name, words):
    with pytest.raises(AttributeError) as raised:
        getattr(holder, name)
    told = errors.reason_of(raised.value)
    assert told.startswith("AttributeError: ") and words in told
    assert "name_3," not in told
    assert told.endswith("'xyz'") == (name == "xyz")


def test_of_other_errors_the_first_line_is_told():
    assert errors.reason_of(ValueError("a\nb")) == "ValueError: a"
    assert errors.reason_of(AttributeError("LOST")) == "AttributeError: LOST"


def test_the_line_of_a_file_is_that_of_its_last_step():
    code = compile("def f():\n    1 / 0\n\nf()\n", "/some/mine.py", "exec")
    with pytest.raises(ZeroDivisionError) as raised:
        exec(code, {})
    assert errors.line_in(raised.value, "/some/mine.py") == 2
    assert errors.line_in(raised.value, "/another.py") is None
