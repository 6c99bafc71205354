import dataclasses

import pytest

from samn_jax import errors, overrides


@dataclasses.dataclass(frozen=True)
class Config:
    capacity: int = 8
    scale: float = 1.5
    last_add: bool = True
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


def test_fields_take_the_type_of_their_default():
    given = {"capacity": 4, "scale": 2, "last_add": False, "mode": "none"}
    typed = overrides.typed_fields(given, Config)
    assert typed == given
    assert type(typed["scale"]) is float


@pytest.mark.parametrize(
    ("name", "value"),
    [("last_add", "false"), ("last_add", 0), ("capacity", 4.5), ("capacity", True)],
)
def test_value_of_another_type_is_refused(name, value):
    with pytest.raises(errors.InputError, match=f"--set {name}={value}: it must be"):
        overrides.typed_fields({name: value}, Config)


def test_unknown_field_is_refused():
    with pytest.raises(errors.InputError, match="capactiy.*from capacity, scale"):
        overrides.typed_fields({"capactiy": 4}, Config)
