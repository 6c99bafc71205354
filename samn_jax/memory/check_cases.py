"""The checks of `samn_jax.memory.check`, one function each."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import keystr

from samn_jax.memory import bank as bank_lib
from samn_jax.memory.check_frames import (
    CORRECTED,
    FRAMES,
    Case,
    compiled,
    entries,
    run_of,
    stack,
)
from samn_jax.memory.entry import Entry, Key, Read, Reason, Report, Slots, Value

_TOLERANCE = 1e-4


class Fault(AssertionError):
    """What a design does that a memory must not."""


def check_shapes(case: Case) -> None:
    """The four functions run under tracing and return what the seam expects."""
    entry = case.first()
    state = _traced("init", case.init, entry)
    read = _traced(
        "read", lambda s, q: case.design.read(s, q, case.reader), state, entry.key
    )
    _expect(isinstance(read, Read), f"read returns {_kind(read)}: return a Read")
    wanted = jax.tree.map(lambda x: (x.shape, x.dtype), entry.value)
    for name, want, got in zip(Value._fields, wanted, read.readout, strict=True):
        _expect(
            (got.shape, got.dtype) == want,
            f"read: readout.{name} is {got.dtype}{list(got.shape)}, the network was "
            f"trained on {want[1]}{list(want[0])}: read by the reader",
        )
    written = _traced(
        "write",
        lambda s, e, r: case.design.write(s, e, r, case.reader),
        *(state, entry, read),
    )
    _expect(
        isinstance(written, tuple) and len(written) == 2,
        f"write returns {_kind(written)}: return (state, Report)",
    )
    report = written[1]
    _expect(
        isinstance(report, Report), "write's second part is no Report: see report()"
    )
    slots = _traced("slots", case.design.slots, state)
    _expect(isinstance(slots, Slots), f"slots returns {_kind(slots)}: return Slots")


def check_fixed_state(case: Case) -> None:
    """The state has the same arrays after every frame, whatever the video's length."""
    entry = case.first()
    before = jax.eval_shape(case.init, entry)
    after = jax.eval_shape(lambda s, e: case.step(s, e)[0], before, entry)
    # A treedef, of which no type is known.
    shape: Any = jax.tree.structure(before)
    new_shape = jax.tree.structure(after)
    _expect(
        shape == new_shape,
        f"write returns a state of another structure ({new_shape}, init's is {shape}): "
        "return the same NamedTuple",
    )
    paths = jax.tree_util.tree_flatten_with_path(before)[0]
    for (path, old), new in zip(paths, jax.tree.leaves(after), strict=True):
        name = f"state{keystr(path)}"
        _expect(
            old.shape == new.shape,
            f"{name} is {list(old.shape)} before a write and {list(new.shape)} after: "
            "a state has a fixed capacity; say by a mask what is filled",
        )
        _expect(
            old.dtype == new.dtype,
            f"{name} is {old.dtype} before a write and {new.dtype} after: cast with "
            f".astype({old.dtype})",
        )


def check_one_trace(case: Case) -> None:
    """One compilation serves all frames."""
    traces = 0

    def step(state: Any, entry: Entry) -> Any:
        nonlocal traces
        traces += 1
        return case.step(state, entry)[0]

    stepped, state = jax.jit(step), compiled(case).init(case.first())
    for number in range(1, 4):
        state = stepped(state, case.frame(number))
    _expect(
        traces == 1,
        f"three frames are traced {traces} times: init must return arrays of the "
        "types that write returns (no Python numbers, no weak types)",
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
        _expect(
            worst <= _TOLERANCE,
            f"with the first frame alone readout.{name} is off by {worst:.2g} from "
            "what reader.read_slots gives of it: the decoder has not learned that",
        )


def check_finite(case: Case) -> None:
    """Nothing read or stored is NaN or infinite."""
    states, reads, _, _ = run_of(case)
    for what, tree in (("read", reads), ("state", states)):
        for path, x in jax.tree_util.tree_flatten_with_path(tree)[0]:
            if not np.issubdtype(x.dtype, np.floating):
                continue
            bad = ~np.isfinite(x.reshape(len(x), -1)).all(axis=1)
            _expect(
                not bad.any(),
                f"{what}{keystr(path)} is not finite in frame {int(bad.argmax()) + 1}: "
                "look for 0/0, log 0 and a softmax over empty slots",
            )


def check_masses(case: Case) -> None:
    """Shares of attention add up."""
    _, reads, _, slots = run_of(case)
    total = reads.slot_mass.sum(-1)
    _expect(
        np.abs(total - 1.0).max() < 1e-3,
        f"slot_mass of a cell sums to {total.min():.3g} .. {total.max():.3g}, not 1: "
        "pass on what the reader gives",
    )
    wanted, given = slots.valid.shape[-1], reads.slot_mass.shape[-1]
    _expect(
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
        _expect(
            _close(jax.tree.map(lambda x, n=number: x[n], states), state),
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
    _expect(
        _close(both, stack(alone)),
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
    _expect(
        all(bool(jnp.isfinite(x).all()) for x in leaves),
        "a gradient is not finite: jnp.where does not stop NaN of the branch not taken",
    )
    _expect(
        float(jnp.abs(grads[0].attention).max()) > 0,
        "the readout does not depend on the remembered values: is a gradient stopped?",
    )


def check_given(case: Case) -> None:
    """The first frame and a person's correction are never forgotten."""
    _, _, _, slots = run_of(case)
    for number, since in ((0, 0), (CORRECTED, CORRECTED - 1)):
        held = (slots.given & slots.valid & (slots.frame_idx == number)).any(-1)
        _expect(
            bool(held[since:].all()),
            f"frame {number}, which a person has marked, can't be read any more after "
            f"frame {since + int((~held[since:]).argmax()) + 1}: given frames stay",
        )


def check_lost(case: Case) -> None:
    """A frame without a target leaves what is read as it was."""
    programs = compiled(case)
    state = programs.init(case.first())
    for number in range(1, 6):
        state = programs.step(state, case.frame(number))[0]
    query = case.frame(30).key
    before = programs.read(state, query)
    state, _, report = programs.step(state, case.frame(6, found=False))
    after = programs.read(state, query)
    _expect(
        _close(before.readout, after.readout),
        "a frame in which no target was found (entry.found is false) changes what is "
        "read: do not write it",
    )
    _expect(
        int(report.reason) in (Reason.NOT_FOUND, Reason.FROZEN),
        f"write reports {Reason(int(report.reason)).name} of a frame in which no "
        "target was found: report NOT_FOUND",
    )


def check_reports(case: Case) -> None:
    """What a write reports is what the slots show."""
    _, _, reports, slots = run_of(case)
    for step in range(FRAMES):
        number, slot = step + 1, int(reports.slot[step])
        held = set(slots.frame_idx[step][slots.valid[step]].tolist())
        if slot >= 0:
            shown = int(slots.frame_idx[step][slot])
            _expect(
                shown == number and bool(slots.valid[step][slot]),
                f"frame {number}: write reports slot {slot}, where slots() shows frame "
                f"{shown}",
            )
        elif number in held:
            _expect(False, f"frame {number} can be read, but write reports no slot")
        gone = int(reports.forgotten[step])
        if gone >= 0:
            _expect(
                gone not in held,
                f"frame {number}: write reports frame {gone} as forgotten, which "
                "slots() still shows",
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
            f"{name} decides by an array's value in Python: use jnp.where or lax.cond"
        ) from error
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        raise Fault(f"{name} fails: {type(error).__name__}: {reason}") from error


def _close(one: Any, other: Any) -> bool:
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(np.allclose(a, b, atol=_TOLERANCE, rtol=_TOLERANCE) for a, b in pairs)


def _kind(x: Any) -> str:
    return type(x).__name__


def _expect(holds: bool | np.bool_, fault: str) -> None:
    if not holds:
        raise Fault(fault)
