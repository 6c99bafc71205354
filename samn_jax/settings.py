"""Checks that config dataclasses make of their own fields, in `__post_init__`.

Each names the field, its value and what to give instead, so that a bad setting is one
line wherever it comes from: a config file, `--set`, or Python. `place` comes before the
name of a field of a part, as `spatial.`. Under `jax.vmap` or `jax.grad` of a setting,
put in by `dataclasses.replace`, there is no number yet that could be checked.
"""

import dataclasses
import math
import re
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from samn_jax import files
from samn_jax.errors import InputError

MOST_WHOLE = 2**31 - 1  # of the integers on devices
MOST_FLOAT = 3e38  # of float32, about


def check_at_least(config: Any, minimum: int, *names: str, place: str = "") -> None:
    """Checks that numbers are finite and not below `minimum`.

    Raises:
      InputError: one is; the message names it.
    """
    for name in names:
        value = getattr(config, name)
        if not _fits(value, lambda x: x >= minimum):
            raise InputError(f"{place}{name} is {value}: give at least {minimum}")


def check_positive(config: Any, *names: str, place: str = "") -> None:
    """Checks that numbers are finite and above 0.

    Raises:
      InputError: one is not; the message names it.
    """
    for name in names:
        value = getattr(config, name)
        if not _fits(value, lambda x: x > 0):
            raise InputError(f"{place}{name} is {value}: give a number above 0")


def check_shares(config: Any, *names: str, place: str = "") -> None:
    """Checks that numbers lie in [0, 1].

    Raises:
      InputError: one does not; the message names it.
    """
    for name in names:
        value = getattr(config, name)
        if not _fits(value, lambda x: 0 <= x <= 1):
            raise InputError(f"{place}{name} is {value}: give a share from 0 to 1")


def check_numbers(config: Any, name: str, count: int) -> None:
    """Checks that a field is a tuple of `count` finite numbers.

    Raises:
      InputError: it is not; the message names it.
    """
    values = getattr(config, name)
    if len(values) != count or not all(map(_is_number, values)):
        raise InputError(f"{name} is {values}: give {count} numbers")


def check_pair(value: Any, name: str) -> None:
    """Checks that a value is a tuple of two finite numbers.

    Raises:
      InputError: it is not; the message says of which field, `name`.
    """
    is_pair = isinstance(value, tuple) and len(value) == 2
    if not is_pair or not all(map(_is_number, value)):
        raise InputError(f"{name} has {value}: give pairs of numbers")


def check_kinds(config: Any, place: str = "") -> None:
    """Checks that fields, those of parts too, are of the kind of their defaults.

    Raises:
      InputError: one is not; the message names it.
    """
    for field in dataclasses.fields(config):
        value, default = getattr(config, field.name), field.default
        if default is not dataclasses.MISSING and default is not None:
            is_alike = isinstance(value, type(default)) and (
                isinstance(value, bool) == isinstance(default, bool)
            )
            is_alike |= isinstance(default, float) and _is_number(value)
            if not is_alike:
                shown = f"{place}{field.name} is {value!r}"
                raise InputError(f"{shown}: give a value like {default!r}")
        if dataclasses.is_dataclass(value):
            check_kinds(value, f"{place}{field.name}.")


def check_types(config: Any, place: str = "") -> None:
    """Checks that fields are of the types that the dataclass says, those in tuples too.

    An integer serves as a float; a truth value is no number.

    Raises:
      InputError: one is not; the message names it.
    """
    hints = typing.get_type_hints(type(config))
    for field in dataclasses.fields(config):
        value, hint = getattr(config, field.name), hints[field.name]
        if not _is_of(value, hint):
            shown = files.shown(repr(value))
            raise InputError(f"{place}{field.name} is {shown}: give {_worded(hint)}")


def check_device_numbers(config: Any, *besides: str, place: str = "") -> None:
    """Checks that numbers, those of parts too, are such that devices can hold them.

    Args:
      config: a dataclass.
      *besides: names of fields that no device gets.
      place: what comes before a field's name.

    Raises:
      InputError: an integer has over 32 bits, or a float is infinite in float32.
    """
    for field in dataclasses.fields(config):
        value, name = getattr(config, field.name), f"{place}{field.name}"
        if dataclasses.is_dataclass(value):
            check_device_numbers(value, *besides, place=f"{name}.")
        elif field.name not in besides:
            for one in value if isinstance(value, tuple) else (value,):
                most = MOST_WHOLE if isinstance(one, int) else MOST_FLOAT
                if _is_number(one) and abs(one) > most:
                    raise InputError(f"{name} is {one}: give at most {most:g}")


def check_pattern(pattern: str, name: str, like: str) -> None:
    """Checks that text is a regular expression; `like` is an example.

    Raises:
      InputError: it is none, or one that can't be used; `name` is said to have it.
    """
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(
            f"{name} {files.shown(repr(pattern))} is no regular expression that can be "
            f"used ({error}): write it like {like!r}"
        ) from error


_WORDS = {int: "a whole number", float: "a number", str: "text", bool: "True or False"}


def _worded(hint: Any) -> str:
    if typing.get_origin(hint) is tuple:
        return f"a tuple, each {_worded(typing.get_args(hint)[0])}"
    if isinstance(hint, types.UnionType):
        return " or ".join(map(_worded, typing.get_args(hint)))
    return _WORDS.get(hint, getattr(hint, "__name__", str(hint)))


def _is_of(value: Any, hint: Any) -> bool:
    """Returns whether a value is of a type; of containers, what is in them too."""
    kind, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or is_traced(value):
        return True
    if kind is types.UnionType:
        return any(_is_of(value, one) for one in inner)
    if kind is tuple and isinstance(value, tuple):
        kinds = len(value) * inner[:1] if inner[-1] is Ellipsis else inner
        return len(value) == len(kinds) and all(map(_is_of, value, kinds))
    if kind is Mapping:
        return isinstance(value, Mapping) and all(_is_of(k, inner[0]) for k in value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return kind is None and (
        isinstance(value, hint) and isinstance(value, bool) == (hint is bool)
    )


def check_choice(config: Any, name: str, choices: Sequence[str]) -> None:
    """Checks that a field is one of some names.

    Raises:
      InputError: it is not; the message lists them.
    """
    value = getattr(config, name)
    if value not in choices:
        known = ", ".join(choices)
        raise InputError(f"{name} {value!r} is unknown: choose from {known}")


def is_traced(value: Any) -> bool:
    """Returns whether a value is known only when the program runs."""
    jax = sys.modules.get("jax")  # Scoring and baselines do without it.
    return jax is not None and isinstance(value, jax.core.Tracer)


def _fits(value: Any, holds: Callable[[float], bool]) -> bool:
    return is_traced(value) or (_is_number(value) and holds(value))


def _is_number(value: Any) -> bool:
    is_bool = isinstance(value, bool)
    return isinstance(value, (int, float)) and not is_bool and math.isfinite(value)
