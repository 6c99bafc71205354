"""Checks that config dataclasses make of their own fields, in `__post_init__`.

Each names the field, its value and what to give instead, so that a bad setting is one
line wherever it comes from: a config file, `--set`, or Python. `place` comes before the
name of a field of a part, as `spatial.`. Under `jax.vmap` or `jax.grad` of a setting,
put in by `dataclasses.replace`, there is no number yet that could be checked.
"""

import dataclasses
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

from samn_jax.errors import InputError


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
