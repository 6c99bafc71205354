"""Pickles as plain data: an interpreter of their opcodes that calls nothing.

Python's own unpickler applies what a file says to live objects: it sets attributes,
calls what is called, and makes what the file claims is large. Here an opcode that no
weights need is refused, names and calls mean what a `Vocabulary` says, and whatever
takes memory is counted before it is made. Opcodes are told apart, and their arguments
bounded by the file, by `pickletools`.
"""

import io
import pickletools
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, runtime_checkable

from samn_jax.convert import limits
from samn_jax.convert.limits import RefusedError

# Bytes counted for an entry of the stack or of a list, for one of a dict, and for an
# object: what CPython takes, with room to grow, at most.
ENTRY_BYTES = 24
ITEM_BYTES = 176
OBJECT_BYTES = 96
_TEXT_BYTES = 4  # of a character at most
_WIDEST_INTEGER = 2**127


class Name(NamedTuple):
    """A class or function that a pickle names; never looked up."""

    module: str
    name: str


class _Opaque:
    """An object that is no weight: it takes everything and keeps nothing."""

    __slots__ = ()


OPAQUE = _Opaque()


@runtime_checkable
class Vocabulary(Protocol):
    """What the names in a pickle mean; each method raises RefusedError for others."""

    def check(self, name: Name) -> None:
        """Does nothing for a name that is known."""

    def call(self, name: Name, args: tuple, allowance: limits.Allowance) -> Any:
        """Returns what `name(*args)` stands for."""

    def persistent(self, pid: Any, allowance: limits.Allowance) -> Any:
        """Returns what a persistent id stands for."""


def read(
    data: bytes | memoryview, vocabulary: Vocabulary, allowance: limits.Allowance
) -> tuple[Any, int]:
    """Returns what the pickle at the start of `data` describes, and its length.

    The result is made of None, bool, int, float, str, tuple, list, dict with text as
    keys, `Name`, `OPAQUE`, and what the vocabulary returns.

    Raises:
      RefusedError: the pickle is damaged, longer than `limits.PICKLE_BYTES`, or does
        what reading weights needs not.
    """
    stream = io.BytesIO(data[: limits.PICKLE_BYTES])
    machine = _Machine(vocabulary, allowance)
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name == "STOP":
                return machine.pop(), stream.tell()
            operate = _OPERATIONS.get(opcode.name)
            if operate is None:
                raise RefusedError(f"it has an opcode {opcode.name}")
            operate(machine, argument)
    except ValueError as error:  # What `pickletools` says of a cut or unknown opcode.
        raise RefusedError(f"its pickle is damaged: {error}") from error
    raise RefusedError("its pickle has no end")


class _Machine:
    """The stack, the marks in it, and what is remembered by number."""

    def __init__(self, vocabulary: Vocabulary, allowance: limits.Allowance) -> None:
        self.vocabulary = vocabulary
        self.allowance = allowance
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: list[Any] = []

    def push(self, value: Any, size: int = 0) -> None:
        """Puts a value, which takes `size` bytes of its own, on the stack."""
        self.allowance.spend(ENTRY_BYTES + size)
        self.stack.append(value)

    def pop(self) -> Any:
        """Returns the value on top of the stack, and takes it off."""
        if not self.stack:
            raise RefusedError("its pickle takes what it never gave")
        return self.stack.pop()

    def pop_mark(self) -> list[Any]:
        """Returns the values above the last mark, and takes them off."""
        if not self.marks:
            raise RefusedError("its pickle takes what it never gave")
        start = self.marks.pop()
        self.allowance.spend(ENTRY_BYTES * max(len(self.stack) - start, 0))
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def top(self, *kinds: type) -> Any:
        """Returns the value on top of the stack, which must be of a kind."""
        value = self.stack[-1] if self.stack else None
        if not isinstance(value, kinds):
            raise RefusedError("its pickle changes what can't be changed")
        return value


def _remember(machine: _Machine, index: int | None) -> None:
    """Gives the top of the stack the number `index`, or the next one."""
    # Picklers count from 0 or 1 without gaps.
    count = len(machine.memo)
    index = count if index is None else index
    if index > count + 1 or not machine.stack:
        raise RefusedError("its pickle numbers objects out of order")
    for _ in range(index - count + 1):
        machine.allowance.spend(ENTRY_BYTES)
        machine.memo.append(None)
    machine.memo[index] = machine.stack[-1]


def _recall(machine: _Machine, index: int) -> None:
    if index >= len(machine.memo):
        raise RefusedError("its pickle recalls an object it never had")
    machine.push(machine.memo[index])


def _push_text(machine: _Machine, text: str) -> None:
    machine.push(text, OBJECT_BYTES + _TEXT_BYTES * len(text))


def _push_integer(machine: _Machine, value: int) -> None:
    wide = abs(value) > _WIDEST_INTEGER
    machine.push(OPAQUE if wide else value, OBJECT_BYTES)


def _push_tuple(machine: _Machine, values: list[Any]) -> None:
    machine.push(tuple(values), OBJECT_BYTES + ENTRY_BYTES * len(values))


def _push_last(count: int) -> Callable[[_Machine, Any], None]:
    """Returns the operation that makes a tuple of the last `count` values."""

    def operate(machine: _Machine, _: Any) -> None:
        _push_tuple(machine, [machine.pop() for _ in range(count)][::-1])

    return operate


def _append(machine: _Machine, values: list[Any]) -> None:
    target = machine.top(list, _Opaque)
    if isinstance(target, list):
        machine.allowance.spend(ENTRY_BYTES * len(values))
        target.extend(values)


def _set_items(machine: _Machine, values: list[Any]) -> None:
    target = machine.top(dict, _Opaque)
    if len(values) % 2:
        raise RefusedError("its pickle has a key without a value")
    if isinstance(target, dict):
        fill(target, zip(values[::2], values[1::2], strict=True), machine.allowance)


def fill(target: dict, items: Any, allowance: limits.Allowance) -> None:
    """Adds items to a dict; those whose key is no text hold no weights.

    Text alone has hashes that a file can't make collide.
    """
    for key, value in items:
        if isinstance(key, str):
            allowance.spend(ITEM_BYTES)
            target[key] = value


def _push_name(machine: _Machine, module: Any, name: Any) -> None:
    if not isinstance(module, str) or not isinstance(name, str):
        raise RefusedError("it names something by no name")
    found = Name(module, name)
    machine.vocabulary.check(found)
    machine.push(found, 2 * OBJECT_BYTES + _TEXT_BYTES * len(module + name))


def _name_on_stack(machine: _Machine, _: Any) -> None:
    name, module = machine.pop(), machine.pop()
    _push_name(machine, module, name)


def _call(machine: _Machine, _: Any) -> None:
    args, function = machine.pop(), machine.pop()
    if not isinstance(function, Name) or not isinstance(args, tuple):
        raise RefusedError("it calls what is no function")
    value = machine.vocabulary.call(function, args, machine.allowance)
    machine.push(value, OBJECT_BYTES)


def _call_with_keywords(machine: _Machine, _: Any) -> None:
    machine.pop()
    _call(machine, None)


def _refer(machine: _Machine, _: Any) -> None:
    value = machine.vocabulary.persistent(machine.pop(), machine.allowance)
    machine.push(value)


def _build(machine: _Machine, _: Any) -> None:
    """Drops the attributes that a pickle gives a dict (torch) or an opaque object."""
    machine.pop()
    machine.top(dict, _Opaque)


def _mark(machine: _Machine, _: Any) -> None:
    machine.allowance.spend(ENTRY_BYTES)
    machine.marks.append(len(machine.stack))


def _since_mark(
    operate: Callable[[_Machine, list[Any]], None],
) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: operate(machine, machine.pop_mark())


def _constant(value: Any) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.push(value)


def _fresh(kind: type) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.push(kind(), OBJECT_BYTES)


def _nothing(machine: _Machine, argument: Any) -> None:
    del machine, argument


_OPERATIONS: dict[str, Callable[[_Machine, Any], object]] = {
    "PROTO": _nothing,
    "FRAME": _nothing,
    "MARK": _mark,
    "POP": lambda machine, _: machine.pop(),
    "POP_MARK": lambda machine, _: machine.pop_mark(),
    "NONE": _constant(None),
    "NEWTRUE": _constant(True),
    "NEWFALSE": _constant(False),
    "BINFLOAT": lambda machine, value: machine.push(value, OBJECT_BYTES),
    "TUPLE": _since_mark(_push_tuple),
    "TUPLE1": _push_last(1),
    "TUPLE2": _push_last(2),
    "TUPLE3": _push_last(3),
    "EMPTY_TUPLE": _constant(()),
    "EMPTY_LIST": _fresh(list),
    "EMPTY_DICT": _fresh(dict),
    "EMPTY_SET": _constant(OPAQUE),
    "FROZENSET": _since_mark(lambda machine, _: machine.push(OPAQUE)),
    "APPEND": lambda machine, _: _append(machine, [machine.pop()]),
    "APPENDS": _since_mark(_append),
    "ADDITEMS": _since_mark(_append),
    "SETITEM": lambda machine, _: _set_items(
        machine, [machine.pop(), machine.pop()][::-1]
    ),
    "SETITEMS": _since_mark(_set_items),
    "GLOBAL": lambda machine, names: _push_name(machine, *names.split(" ", 1)),
    "STACK_GLOBAL": _name_on_stack,
    "REDUCE": _call,
    "NEWOBJ": _call,
    "NEWOBJ_EX": _call_with_keywords,
    "BUILD": _build,
    "BINPERSID": _refer,
    "MEMOIZE": _remember,
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), _remember),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), _recall),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "LONG4"), _push_integer),
    **dict.fromkeys(("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"), _push_text),
    **dict.fromkeys(("BINSTRING", "SHORT_BINSTRING"), _push_text),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"), _constant(OPAQUE)),
    "BYTEARRAY8": _constant(OPAQUE),
}
