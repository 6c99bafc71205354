"""Memory designs by name: those of the package, and those of one's own files."""

import dataclasses
from typing import Any

from samn_jax import errors, overrides
from samn_jax.errors import InputError
from samn_jax.memory import source
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.design import Design, Frozen, Wrapper
from samn_jax.memory.designs import (
    afb_urr,
    dam4sam,
    fifo,
    first_last,
    mean,
    qdmn,
    readmem,
    ring,
    rmem,
    stm,
    swiftnet,
    xmem,
)

DESIGNS: dict[str, type[Design]] = {
    "ring": ring.Ring,
    "first_last": first_last.FirstLast,
    "fifo": fifo.Fifo,
    "stm": stm.Stm,
    "xmem": xmem.XMem,
    "afb_urr": afb_urr.AfbUrr,
    "rmem": rmem.RMem,
    "readmem": readmem.ReadMem,
    "qdmn": qdmn.Qdmn,
    "dam4sam": dam4sam.Dam4Sam,
    "swiftnet": swiftnet.SwiftNet,
    "mean": mean.Mean,
}
WRAPPERS: dict[str, type[Wrapper]] = {"frozen": Frozen}


def register(name: str, kind: type[Design]) -> None:
    """Makes a design known by a name; a name given again means the new design."""
    DESIGNS[name] = _checked(kind, name)


def build(config: MemoryConfig) -> Design:
    """Returns the memory design that a config names, with its settings.

    Raises:
      InputError: there is no such design, it has no such setting, or a setting is of
        another type or out of its range.
    """
    wrapper, plus, inner = config.design.partition("+")
    if plus:
        if wrapper not in WRAPPERS:
            known = ", ".join(WRAPPERS)
            raise InputError(
                f"memory.design is {config.design}: choose from {known} before the +"
            )
        return WRAPPERS[wrapper](build(dataclasses.replace(config, design=inner)))
    kind = find(config.design)
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}  # type: ignore[arg-type]
    shared = {field.name for field in dataclasses.fields(config)} - {"design", "own"}
    settings = {name: getattr(config, name) for name in fields if name in shared}
    for name, value in config.own:
        if name not in fields or name in shared:
            known = ", ".join(sorted(shared | fields.keys()))
            raise InputError(
                f"memory.{name}: {config.design} has no such setting, choose from "
                f"{known}"
            )
        settings[name] = _typed(fields[name], value)
    try:
        design = kind(**settings)
    except InputError:
        raise
    except Exception as error:  # Whatever a stranger's class may raise.
        raise InputError(
            f"memory.design is {config.design}: it can't be made of its settings "
            f"({errors.reason_of(error)}): give it defaults, or other --set "
            "memory.NAME=VALUE"
        ) from error
    _check_hashable(design, config.design)
    return design


def find(name: str) -> type[Design]:
    """Returns the design of a name, or of `path/to/my.py:Mine`.

    Raises:
      InputError: there is none, or it is not a frozen dataclass that is a `Design`.
    """
    if is_file(name):
        return _checked(source.load(name), name)
    if name not in DESIGNS:
        raise InputError(
            f"memory.design is {name!r}: choose from {', '.join(DESIGNS)}, or give "
            "path/to/my.py:Mine"
        )
    return DESIGNS[name]


def is_file(name: str) -> bool:
    """Returns whether a design's name is a place in a file, whose code is run."""
    return ".py:" in name


def _checked(kind: Any, name: str) -> type[Design]:
    """Returns the design.

    Raises:
      InputError: it is no design, or lacks a part.
    """
    if not (isinstance(kind, type) and issubclass(kind, Design)):
        raise InputError(
            f"memory.design is {name}: let the class inherit from "
            "samn_jax.memory.design.Design"
        )
    if missing := sorted(kind.__abstractmethods__):
        raise InputError(f"memory.design is {name}: it has no {', '.join(missing)}")
    parameters = getattr(kind, "__dataclass_params__", None)
    if parameters is None or not (parameters.frozen and parameters.eq):
        raise InputError(
            f"memory.design is {name}: put @dataclasses.dataclass(frozen=True) before "
            "the class"
        )
    return kind


def _typed(field: dataclasses.Field, value: Any) -> Any:
    if field.default is dataclasses.MISSING:
        return value
    return overrides.typed(value, field.default, f"memory.{field.name}")


def _check_hashable(design: Design, name: str) -> None:
    try:
        hash(design)
    except TypeError as error:
        raise InputError(
            f"memory.design is {name}: its settings must be hashable ({error}): take a "
            "tuple for a list or an array"
        ) from error
