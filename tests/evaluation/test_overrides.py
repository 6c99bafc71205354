import dataclasses

import pytest

from samn_jax import errors
from samn_jax.evaluation import overrides


@dataclasses.dataclass(frozen=True)
class Config:
    capacity: int = 8
    mode: str = "emd"


def test_values_are_literals_or_text():
    fields = overrides.parse_assignments(
        ["capacity=4", "scale=0.5", "last_add=False", "mode=none", "sizes=(1, 2)", "a="]
    )
    assert fields == {
        "capacity": 4,
        "scale": 0.5,
        "last_add": False,
        "mode": "none",
        "sizes": (1, 2),
        "a": "",
    }


@pytest.mark.parametrize("assignment", ["capacity", "=4", "a b=4"])
def test_other_forms_are_refused(assignment):
    with pytest.raises(errors.InputError, match="isn't FIELD=VALUE"):
        overrides.parse_assignments([assignment])


def test_unknown_field_is_refused():
    overrides.check_fields({"capacity": 4}, Config)
    with pytest.raises(errors.InputError, match="capactiy.*choose from capacity, mode"):
        overrides.check_fields({"capactiy": 4}, Config)
