"""Fields set by dotted names."""

import dataclasses

import hypothesis
import pytest
from hypothesis import strategies as st

from samn_jax import overrides
from samn_jax.errors import InputError


@dataclasses.dataclass(frozen=True)
class Memory:
    capacity: int = 8
    machine: str = "none"


@dataclasses.dataclass(frozen=True)
class Config:
    memory: Memory = Memory()
    scale: float = 1.5
    last_add: bool = True
    names: tuple[str, ...] = ("a",)
    smallest: int = 1
    largest: int = 9

    def __post_init__(self):
        if self.smallest > self.largest:
            raise InputError("smallest is above largest: turn them")


def test_nothing_set_changes_nothing():
    assert overrides.override(Config(), []) == Config()


@pytest.mark.parametrize(
    ("assignment", "changes"),
    [
        ("scale=2", {"scale": 2.0}),
        ("last_add=False", {"last_add": False}),
        ("names=b,c", {"names": ("b", "c")}),
        ("names=('b',)", {"names": ("b",)}),
        ("names=['b', 'c']", {"names": ("b", "c")}),
        ("names=", {"names": ()}),
        ("memory.capacity=4", {"memory": Memory(capacity=4)}),
        ("memory.machine=4", {"memory": Memory(machine="4")}),
        ("memory.machine=a=b", {"memory": Memory(machine="a=b")}),
    ],
)
def test_a_value_takes_the_type_of_what_it_replaces(assignment, changes):
    changed = overrides.override(Config(), [assignment])
    assert changed == dataclasses.replace(Config(), **changes)
    assert type(changed.scale) is float


def test_all_are_set_at_once_and_the_last_counts():
    given = ["smallest=20", "largest=30", "memory.capacity=2", "memory.capacity=3"]
    changed = overrides.override(Config(), [*given, "memory.machine=emd"])
    assert (changed.smallest, changed.largest) == (20, 30)
    assert changed.memory == Memory(3, "emd")
    with pytest.raises(InputError, match="smallest is above largest"):
        overrides.override(Config(), ["smallest=20"])


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("capacity", "isn't NAME=VALUE: write --set memory.capacity=8"),
        ("=4", "isn't NAME=VALUE"),
        ("capacity=4", "capacity: there is no such name, try memory.capacity"),
        ("memory.capactiy=4", "memory.capactiy: there is .*, try memory.capacity"),
        ("memory_capacity=4", "try memory.capacity$"),
        ("memory.x=4", "choose from memory.capacity, memory.machine"),
        ("scale.x=4", "scale: it has no fields"),
        ("memory=4", "name one of memory.capacity, memory.machine"),
        ("mem ory=4", "isn't NAME=VALUE"),
        ("memory..x=4", "isn't NAME=VALUE"),
        ("last_add=0", "like the present one, True"),
        ("last_add=false", "like the present one, True"),
        ("smallest=4.5", "like the present one, 1"),
        ("smallest=True", "like the present one, 1"),
        ("scale=1e999", "give a finite number"),
        ("scale=" + "(" * 5000, "like the present one, 1.5"),
        ("scale=\x1b[2J\n", r"scale=\\x1b\[2J\\n: give"),
    ],
)
def test_what_can_not_be_set_is_one_line(assignment, message):
    with pytest.raises(InputError, match=message) as caught:
        overrides.override(Config(), [assignment])
    assert str(caught.value).isprintable()


def test_parts_may_be_mappings_or_whole():
    for settings in (
        {"memory.capacity": 4, "memory.machine": "emd"},
        {"memory": {"capacity": "4", "machine": "emd"}},
        {"memory": Memory(4), "memory.machine": "emd"},
        {"memory.capacity": 9, "memory": Memory(4, "emd")},
    ):
        assert overrides.merge(Config(), settings).memory == Memory(4, "emd")


@dataclasses.dataclass(frozen=True)
class Open:
    size: int = 1
    more: tuple = ()

    def replaced(self, fields, others):
        more = tuple(sorted(others.items()))
        return dataclasses.replace(self, **{"more": more, **fields})


def test_a_config_may_take_names_that_it_has_no_field_for():
    assert overrides.override(Open(), ["size=2", "own=3"]) == Open(2, (("own", "3"),))


@hypothesis.given(st.text(max_size=40), st.text(max_size=40))
def test_only_an_input_error_comes_out(name, value):
    for assignment in (f"{name}={value}", f"memory.{name}={value}", f"scale={value}"):
        try:
            changed = overrides.override(Config(), [assignment])
        except InputError as error:
            assert str(error).isprintable()
        else:
            assert isinstance(changed, Config)
