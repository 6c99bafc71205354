"""Made-up frames, a run over them, and faults, for the checks of memory designs."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from samn_jax.memory.design import Design
from samn_jax.memory.entry import Entry, Key, Read, Report, Slots, Value, make_entry
from samn_jax.memory.reader import Reader

CELLS, FRAMES = 4, 60  # cells a side; frames of a run, enough to fill a memory
CORRECTED = 9  # the frame that comes with a person's mask
TOLERANCE = 1e-4
_CHANNELS = (5, 4, 6, 3)  # attention and regression of a key; of a value


@dataclasses.dataclass(frozen=True)
class Case:
    """A design, and whether the network reads by regression as well."""

    design: Design
    reader: Reader
    regression: bool

    def frame(self, number: int, **facts: Any) -> Entry:
        """Returns a made-up frame; the same number gives the same."""
        return _frame(number, self.regression, tuple(sorted(facts.items())))

    def first(self) -> Entry:
        """Returns the frame that a person has marked."""
        return self.frame(0, given=True)

    def init(self, entry: Entry) -> Any:
        """Returns the memory of a first frame."""
        return self.design.init(entry, self.reader)

    def step(self, state: Any, entry: Entry) -> tuple[Any, Read, Report]:
        """Returns what happens in one frame."""
        read = self.design.read(state, entry.key, self.reader)
        told = self.told(entry)
        state, report = self.design.write(state, told, read, self.reader)
        return state, read, report

    def told(self, entry: Entry) -> Entry:
        """Returns what the tracker tells: of a frame not wanted no key and value."""
        empty = jax.tree.map(jnp.zeros_like, (entry.key, entry.value))
        wanted = self.design.wants(entry._replace(key=empty[0], value=empty[1]))
        key, value = jax.tree.map(
            lambda x, zero: jnp.where(wanted, x, zero), (entry.key, entry.value), empty
        )
        return entry._replace(key=key, value=value)


class Programs(NamedTuple):
    """The parts of a case, compiled."""

    init: Callable[[Entry], Any]
    read: Callable[[Any, Key], Read]
    step: Callable[[Any, Entry], tuple[Any, Read, Report]]


@functools.lru_cache(maxsize=32)
def compiled(case: Case) -> Programs:
    """Returns the parts of a case, compiled once."""
    read = functools.partial(_read, case)
    return Programs(jax.jit(case.init), jax.jit(read), jax.jit(case.step))


def _read(case: Case, state: Any, query: Key) -> Read:
    return case.design.read(state, query, case.reader)


@functools.lru_cache(maxsize=32)
def make_case(design: Design, regression: bool) -> Case:
    """Returns the case of a design, its own weights drawn if it has any."""
    case = Case(design, Reader("l2"), regression)
    weights = design.init_parameters(jax.random.key(0), case.first())
    return dataclasses.replace(
        case, reader=dataclasses.replace(case.reader, parameters=weights)
    )


@functools.lru_cache(maxsize=256)
def _frame(number: int, regression: bool, facts: tuple) -> Entry:
    rng = np.random.default_rng(number)
    ck, cf, cv, cl = _CHANNELS if regression else (_CHANNELS[0], 0, _CHANNELS[2], 0)

    def draw(channels: int) -> jax.Array:
        return jnp.asarray(rng.normal(size=(CELLS, CELLS, channels)), jnp.float32)

    share = jnp.zeros((CELLS, CELLS, 1), jnp.float32).at[1:3, 1:3].set(1.0)
    labels = jnp.concatenate((share, draw(max(cl - 1, 0))), -1)[..., :cl]
    prob = jnp.kron(share[..., 0], jnp.ones((16, 16), jnp.float32))
    entry = make_entry(
        Key(draw(ck), draw(cf)), Value(draw(cv), labels), prob, number, **dict(facts)
    )
    return jax.tree.map(jnp.asarray, entry)


def entries(case: Case) -> list[Entry]:
    """Returns frames of all kinds: lost, uncertain, not due, corrected.

    The corrected one has the least confidence: a design must keep it all the same.
    """
    rng = np.random.default_rng(7)
    entries = []
    for number in range(1, FRAMES + 1):
        given = number == CORRECTED
        facts = {
            "given": given,
            "found": given or rng.random() > 0.2,
            "due": number % 2 == 0,
            "certain": rng.random() > 0.2,
            "distractor": rng.random() > 0.6,
            "confidence": 0.5 if given else rng.uniform(0.6, 1.0),
            "uncertainty": rng.uniform(0.5, 1.5),
            "area": rng.uniform(900.0, 1100.0),
        }
        entries.append(case.frame(number, **facts))
    return entries


@functools.lru_cache(maxsize=32)
def run_of(case: Case) -> tuple[Any, Read, Report, Slots]:
    """Returns states, reads, reports and slots after each frame, as numpy arrays."""

    def body(state: Any, entry: Entry) -> tuple[Any, tuple]:
        state, read, report = case.step(state, entry)
        return state, (state, read, report, case.design.slots(state))

    run = jax.jit(lambda s, e: jax.lax.scan(body, s, e)[1])
    return jax.tree.map(
        np.asarray, run(compiled(case).init(case.first()), stack(entries(case)))
    )


def stack(trees: list[Any]) -> Any:
    """Returns one tree whose arrays have a new leading axis."""
    return jax.tree.map(lambda *x: jnp.stack(x), *trees)


class Fault(AssertionError):
    """What a design does that a memory must not."""


def expect(holds: bool | np.bool_, fault: str) -> None:
    """Tells a fault unless something holds.

    Raises:
      Fault: it does not.
    """
    if not holds:
        raise Fault(fault)


def close(one: Any, other: Any) -> bool:
    """Returns whether all arrays of two trees of one structure are about equal."""
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(np.allclose(a, b, atol=TOLERANCE, rtol=TOLERANCE) for a, b in pairs)
