"""Checks of networks' settings, before anything is made of them."""

from collections.abc import Collection
from typing import Any

from samn_jax.errors import InputError

COMPUTE_DTYPES = ("float32", "bfloat16")
MOST_CHANNELS = 4096
MOST_BLOCKS = 64


def check_choice(name: str, value: Any, choices: Collection[str]) -> None:
    """Checks a setting that is one of a few.

    Raises:
      InputError: it is none of them.
    """
    if not isinstance(value, str) or value not in choices:
        raise InputError(
            f"{name} {value!r} is unknown: choose from {', '.join(choices)}"
        )


def check_sizes(
    name: str,
    values: Any,
    count: int = 1,
    *,
    least: int = 1,
    most: int = MOST_CHANNELS,
) -> None:
    """Checks sizes: channels, blocks, indices.

    Args:
      name: of the setting, for the message.
      values: `count` whole numbers; a single one may stand alone.
      count: how many there must be.
      least: the smallest allowed.
      most: the largest allowed.

    Raises:
      InputError: there are more or fewer, or one is out of range.
    """
    given = [values] if type(values) is int else values
    if (
        not isinstance(given, list | tuple)
        or len(given) != count
        or not all(type(n) is int and least <= n <= most for n in given)
    ):
        what = "a whole number" if count == 1 else f"{count} whole numbers"
        raise InputError(f"{name} must be {what} from {least} to {most}")
