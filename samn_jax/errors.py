"""Errors that a user can cure: one line that names the file and what to do."""

import argparse
import sys
from collections.abc import Callable


class InputError(ValueError):
    """Bad input, such as a missing frame or a mask of another size.

    As text it is one line that a terminal shows as it is, whatever names are in it.
    """

    def __str__(self) -> str:
        """Returns the message, escaped where unprintable."""
        return one_line(super().__str__())


def one_line(text: object) -> str:
    r"""Returns a whole message as one line, escaped where unprintable.

    >>> one_line("a\nb")
    'a\\nb'
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text)
    )


def exit_status(
    run: Callable[[argparse.Namespace], int | None], flags: argparse.Namespace
) -> int:
    """Returns that of a command: what it returns, or 2 after one line on stderr.

    Args:
      run: the command; None is 0.
      flags: of its command line.
    """
    try:
        return run(flags) or 0
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
