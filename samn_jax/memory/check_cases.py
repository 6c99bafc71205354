"""The checks of `samn_jax.memory.check` of shapes, numbers and transformations."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import keystr

from samn_jax import errors
from samn_jax.memory import bank as bank_lib
from samn_jax.memory.check_frames import (
    TOLERANCE,
    Case,
    Fault,
    close,
    compiled,
    entries,
    expect,
    run_of,
    stack,
)
from samn_jax.memory.entry import Entry, Key, Read, Report, Slots, Value


def check_shapes(case: Case) -> None:
    """The four functions run under tracing and return what the seam expects."""
    entry = case.first()
    state = _traced("init", case.init, entry)
    read = _traced(
        "read", lambda s, q: case.design.read(s, q, case.reader), state, entry.key
    )
    expect(isinstance(read, Read), f"read returns {_kind(read)}: return a Read")
    wanted = jax.tree.map(lambda x: (x.shape, x.dtype), entry.value)
    for name, want, got in zip(Value._fields, wanted, read.readout, strict=True):
        expect(
            (got.shape, got.dtype) == want,
            f"read: readout.{name} is {got.dtype}{list(got.shape)}, the network was "
            f"trained on {want[1]}{list(want[0])}: read by the reader",
        )
    written = _traced(
        "write",
        lambda s, e, r: case.design.write(s, e, r, case.reader),
        *(state, entry, read),
    )
    expect(
        isinstance(written, tuple) and len(written) == 2,
        f"write returns {_kind(written)}: return (state, Report)",
    )
    report = written[1]
    expect(isinstance(report, Report), "write's second part is no Report: see report()")
    slots = _traced("slots", case.design.slots, state)
    expect(isinstance(slots, Slots), f"slots returns {_kind(slots)}: return Slots")


def check_fixed_state(case: Case) -> None:
    """The state has the same arrays after every frame, whatever the video's length."""
    entry = case.first()
    before = jax.eval_shape(case.init, entry)
    after = jax.eval_shape(lambda s, e: case.step(s, e)[0], before, entry)
    # A treedef, of which no type is known.
    shape: Any = jax.tree.structure(before)
    new_shape = jax.tree.structure(after)
    expect(
        shape == new_shape,
        f"write returns a state of another structure ({new_shape}, init's is {shape}): "
        "return the same NamedTuple",
    )
    paths = jax.tree_util.tree_flatten_with_path(before)[0]
    for (path, old), new in zip(paths, jax.tree.leaves(after), strict=True):
        name = f"state{keystr(path)}"
        expect(
            old.shape == new.shape,
            f"{name} is {list(old.shape)} before a write and {list(new.shape)} after: "
            "a state has a fixed capacity; say by a mask what is filled",
        )
        expect(
            old.dtype == new.dtype,
            f"{name} is {old.dtype} before a write and {new.dtype} after: cast with "
            f".astype({old.dtype})",
        )


def check_one_trace(case: Case) -> None:
    """One compilation serves all frames."""
    before = jax.eval_shape(case.init, case.first())
    after = jax.eval_shape(lambda s, e: case.step(s, e)[0], before, case.first())
    loose = sorted(_weakly_typed(before) ^ _weakly_typed(after))
    expect(
        not loose,
        f"{', '.join(loose)} has no type of its own after init or after write, which "
        "compiles twice: give it one there, as jnp.zeros(n) or jnp.full(n, x, "
        "jnp.float32)",
    )
    traces = 0

    def step(state: Any, entry: Entry) -> Any:
        nonlocal traces
        traces += 1
        return case.step(state, entry)[0]

    stepped, state = jax.jit(step), compiled(case).init(case.first())
    for number in range(1, 4):
        state = stepped(state, case.frame(number))
    expect(
        traces == 1,
        f"three frames are traced {traces} times: init must return arrays of the "
        "types that write returns",
    )


def check_single_frame(case: Case) -> None:
    """A memory of one frame reads as the network was trained to read it."""
    first, query = case.first(), case.frame(1).key
    programs = compiled(case)
    read = programs.read(programs.init(first), query)
    alone = jax.jit(lambda q, e: case.reader.read_slots(q, bank_lib.first_slot(1, e)))(
        query, first
    )
    for name, want, got in zip(Value._fields, alone.readout, read.readout, strict=True):
        worst = float(jnp.max(jnp.abs(want - got), initial=0.0))
        expect(
            worst <= TOLERANCE,
            f"with the first frame alone readout.{name} is off by {worst:.2g} from "
            "what reader.read_slots gives of it: the decoder has not learned that",
        )


def check_finite(case: Case) -> None:
    """Nothing read or stored is NaN or infinite; told is what is so first."""
    states, reads, _, _ = run_of(case)
    start = jax.tree.map(lambda x: x[None], compiled(case).init(case.first()))
    bad = [
        *((0, 0, f"init's state{path}") for path, _ in _not_finite(start)),
        *((n + 1, 0, f"read{path}") for path, n in _not_finite(reads)),
        *((n + 1, 1, f"after write state{path}") for path, n in _not_finite(states)),
    ]
    frame, _, what = min(bad, default=(0, 0, ""))
    expect(
        not bad,
        f"{what} is not finite in frame {frame}: look for 0/0, log 0 and a softmax "
        "over empty slots",
    )


def _not_finite(tree: Any) -> Iterator[tuple[str, int]]:
    """Yields where arrays (F, ...) are not finite, and the first frame in which."""
    for path, x in jax.tree_util.tree_flatten_with_path(tree)[0]:
        if jnp.issubdtype(x.dtype, jnp.floating):
            good = np.isfinite(np.asarray(x)).reshape(len(x), -1).all(axis=1)
            if not good.all():
                yield keystr(path), int(good.argmin())


def check_masses(case: Case) -> None:
    """Shares of attention add up."""
    _, reads, _, slots = run_of(case)
    total = reads.slot_mass.sum(-1)
    expect(
        np.abs(total - 1.0).max() < 1e-3,
        f"slot_mass of a cell sums to {total.min():.3g} .. {total.max():.3g}, not 1: "
        "pass on what the reader gives",
    )
    wanted, given = slots.valid.shape[-1], reads.slot_mass.shape[-1]
    expect(
        wanted == given,
        f"slots() has {wanted} rows, slot_mass {given}: a row for each slot",
    )


def check_scan(case: Case) -> None:
    """`lax.scan` over frames gives what a Python loop gives."""
    states, _, _, _ = run_of(case)
    programs = compiled(case)
    state = programs.init(case.first())
    for number, entry in enumerate(entries(case)):
        state = programs.step(state, entry)[0]
        expect(
            close(jax.tree.map(lambda x, n=number: x[n], states), state),
            f"frame {number + 1}: scan and a loop give other states: does the design "
            "keep something outside its state?",
        )


def check_vmap(case: Case) -> None:
    """Two memories side by side are each what it is alone."""
    programs = compiled(case)
    firsts = [case.first(), case.frame(50, given=True)]
    entries = [case.frame(1), case.frame(51)]
    alone = [
        programs.step(programs.init(f), e) for f, e in zip(firsts, entries, strict=True)
    ]
    both = jax.jit(jax.vmap(lambda f, e: case.step(case.init(f), e)))(
        stack(firsts), stack(entries)
    )
    expect(
        close(both, stack(alone)),
        "under vmap two memories give other results than each alone: reduce over the "
        "design's own axes only",
    )


def check_gradients(case: Case) -> None:
    """What is read can be differentiated by what was remembered."""

    def total(value: Value, query: Key) -> jax.Array:
        state = case.init(case.first()._replace(value=value))
        state = case.step(state, case.frame(1))[0]
        read = case.design.read(state, query, case.reader)
        return sum(jnp.sum(jnp.sin(x)) for x in read.readout)  # type: ignore[return-value]

    grads = jax.jit(jax.grad(total, (0, 1)))(case.first().value, case.frame(2).key)
    leaves = jax.tree.leaves(grads)
    expect(
        all(bool(jnp.isfinite(x).all()) for x in leaves),
        "a gradient is not finite: jnp.where does not stop NaN of the branch not taken",
    )
    expect(
        float(jnp.abs(grads[0].attention).max()) > 0,
        "the readout does not depend on the remembered values: is a gradient stopped?",
    )


def _traced(name: str, function: Any, *args: Any) -> Any:
    """Returns the shapes of what a function returns.

    Raises:
      Fault: it can't be traced.
    """
    try:
        return jax.eval_shape(function, *args)
    except jax.errors.ConcretizationTypeError as error:
        raise Fault(
            f"{name}{_at(error)} needs an array's value in Python (if, and, or, not, "
            "int, float): use jnp.where, &, |, ~ or lax.cond"
        ) from error
    except Exception as error:
        raise Fault(f"{name} fails{_at(error)}: {errors.reason_of(error)}") from error


def _at(error: Exception) -> str:
    place = errors.own_place(error)
    return f" at {place}" if place else ""


def _weakly_typed(state: Any) -> set[str]:
    """Returns the leaves whose type came from a Python number."""
    leaves = jax.tree_util.tree_leaves_with_path(state)
    return {f"state{keystr(path)}" for path, x in leaves if x.weak_type}


def _kind(x: Any) -> str:
    return type(x).__name__
