"""The conformance checks: shipped designs pass, wrong ones are told why."""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import pytest

from samn_jax.memory import bank, check, registry
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.designs.first_last import FirstLast
from samn_jax.memory.entry import Reason, report


def test_a_shipped_design_passes():
    config = MemoryConfig(design="rmem", capacity=5, remember_lost=False)
    assert [r for r in check.check(registry.build(config)) if r.fault] == []


class TestFirstLast(check.DesignChecks):
    design = FirstLast()


def wrong(**methods):
    """A design like first_last but for some methods."""
    kind = type("Wrong", (FirstLast,), methods)
    return dataclasses.dataclass(frozen=True)(kind)()


def other_channels(self, state, query, reader):
    read = FirstLast.read(self, state, query, reader)
    wide = jnp.concatenate((read.readout.attention,) * 2, -1)
    return read._replace(readout=read.readout._replace(attention=wide))


def growing(self, state, entry, read, reader):
    bank = jax.tree.map(lambda x: jnp.concatenate((x, x[:1])), state.bank)
    return state._replace(bank=bank), report(0)


def promoted(self, state, entry, read, reader):
    state, said = FirstLast.write(self, state, entry, read, reader)
    frames = state.bank.frame_idx.astype(jnp.float32)
    return state._replace(bank=state.bank._replace(frame_idx=frames)), said


def not_a_number(self, state, query, reader):
    read = FirstLast.read(self, state, query, reader)
    bad = jnp.where(state.bank.frame_idx[1] < 9, 1.0, jnp.nan)
    values = read.readout.attention * bad
    return read._replace(readout=read.readout._replace(attention=values))


def stores_short_keys(self, entry, reader):
    state = FirstLast.init(self, entry, reader)
    key = state.bank.key._replace(attention=state.bank.key.attention[..., 1:])
    return state._replace(bank=state.bank._replace(key=key))


def stores_none(self, state, entry, read, reader):
    state, said = FirstLast.write(self, state, entry, read, reader)
    left = (3 - entry.frame_idx).astype(jnp.float32)
    none = state.bank.value.attention / left
    value = state.bank.value._replace(attention=none)
    return state._replace(bank=state.bank._replace(value=value)), said


def begins_with_none(self, entry, reader):
    state = FirstLast.init(self, entry, reader)
    value = jax.tree.map(lambda x: x * jnp.inf, state.bank.value)
    return state._replace(bank=state.bank._replace(value=value))


def python_branch(self, state, entry, read, reader):
    if entry.found:
        return FirstLast.write(self, state, entry, read, reader)
    return state, report(2)


def writes_lost(self, state, entry, read, reader):
    entry = entry._replace(found=jnp.bool_(True))
    return FirstLast.write(self, state, entry, read, reader)


def lies(self, state, entry, read, reader):
    state, said = FirstLast.write(self, state, entry, read, reader)
    return state, said._replace(slot=jnp.int32(0))


def misspells(self, state, entry, read, reader):
    return state, report(entry.confidense)


def denies(self, state, entry, read, reader):
    state, said = FirstLast.write(self, state, entry, read, reader)
    return state, said._replace(reason=jnp.int32(Reason.NOT_FOUND))


def numbers_its_reason(self, state, entry, read, reader):
    state, said = FirstLast.write(self, state, entry, read, reader)
    return state, said._replace(reason=jnp.int32(20))


def wants_none(self, entry):
    return False


def wants_no_corrections(self, entry):
    return entry.found & ~entry.given


class Counted(NamedTuple):
    bank: Any
    count: Any


def counts_weakly(self, entry, reader):
    return Counted(bank.first_slot(1, entry), jnp.full(2, 0.0))


@pytest.mark.parametrize(
    ("methods", "name", "words"),
    [
        ({"read": other_channels}, "shapes and types", r"float32\[4, 4, 12\].*6\]"),
        (
            {"init": stores_short_keys},
            "shapes and types",
            "key.attention in the memory has 4 channels, the frame's 5",
        ),
        ({"write": growing}, "state of fixed size", r"\[4, 4, 4, 5\] before .* after"),
        ({"write": promoted}, "state of fixed size", r"frame_idx is int32 .*cast with"),
        ({"read": not_a_number}, "finite", "not finite in frame 1[0-9]"),
        ({"write": stores_none}, "finite", "^after write state.*value.*in frame 3"),
        ({"init": begins_with_none}, "finite", "^init's state.bank.value.* frame 0"),
        ({"write": python_branch}, "shapes and types", "use jnp.where, .* or lax.cond"),
        ({"write": writes_lost}, "lost frames change nothing", "do not write it"),
        ({"write": lies}, "reports are true", "reports slot 0, where"),
        (
            {"write": misspells},
            "shapes and types",
            "test_check.py:[0-9]+, in misspells: .*'confidense'; it has key, .*area",
        ),
        ({"write": python_branch}, "shapes and types", "test_check.py:[0-9]+, in pyth"),
        ({"write": denies}, "reports are true", "NOT_FOUND, but there was a target"),
        ({"write": numbers_its_reason}, "reports are true", "reason 20: choose from"),
        (
            {"wants": wants_none},
            "what it wants is what it uses",
            "frame 1 is not wanted .* but write uses",
        ),
        (
            {"wants": wants_no_corrections},
            "what it wants is what it uses",
            "frame 9, which a person has marked, is not wanted",
        ),
    ],
)
def test_a_wrong_design_is_told_why(methods, name, words):
    faults = {r.name: r.fault for r in check.check(wrong(**methods)) if r.fault}
    assert name in faults
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(faults[name])


def test_after_a_number_that_is_none_nothing_else_is_blamed():
    faults = [r.name for r in check.check(wrong(read=not_a_number)) if r.fault]
    assert faults == ["finite"]


def test_a_number_without_a_type_is_named():
    def write(self, state, entry, read, reader):
        count = state.count + entry.confidence
        return state._replace(count=count), report(Reason.POOR)

    def read(self, state, query, reader):
        return reader.read_slots(query, state.bank)

    def slots(self, state):
        return bank.table(state.bank)

    design = wrong(init=counts_weakly, read=read, write=write, slots=slots)
    faults = {r.name: r.fault for r in check.check(design)}
    assert faults["one compilation"].startswith("state.count has no type of its own")


def test_the_command_tells_faults_and_names(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(
        "import dataclasses\n"
        "from samn_jax.memory.designs.first_last import FirstLast\n"
        "@dataclasses.dataclass(frozen=True)\n"
        "class Mine(FirstLast):\n"
        "    def read(self, state, query, reader):\n"
        "        return super().read(state, query, reader).readout\n"
    )
    assert check.main([f"{file}:Mine"]) == 1
    assert "read returns Value: return a Read" in capsys.readouterr().out
    assert check.main(["no_such"]) == 2
    assert "choose from ring" in capsys.readouterr().err
