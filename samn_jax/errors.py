"""Errors that a user can cure: one line that names the file and what to do."""

import argparse
import os
import site
import sys
import sysconfig
import traceback
from collections.abc import Callable

TRACEBACK = "SAMN_TRACEBACK"  # variable that shows errors of own code in full
_LIBRARIES = ("stdlib", "platstdlib", "purelib", "platlib")


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

    An error in a file of one's own, as a memory design, is one line that names it too.

    Args:
      run: the command; None is 0.
      flags: of its command line.
    """
    try:
        return run(flags) or 0
    except Exception as error:
        if (told := as_told(error)) is None:
            raise
        print(f"error: {told}", file=sys.stderr)
        return 2


def as_told(error: Exception) -> str | None:
    """Returns the line that a user is told of an error; None if it is a fault of ours.

    That is an `InputError`, or any error that was raised in or below a function of a
    file that is neither the package's nor a library's: a design's, a suite's. Its whole
    traceback is shown if the variable SAMN_TRACEBACK is set.
    """
    if isinstance(error, InputError):
        return str(error)
    place = own_place(error)
    if place is None or os.environ.get(TRACEBACK):
        return None
    reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    return one_line(f"{place}: {reason} ({TRACEBACK}=1 shows the whole traceback)")


def own_place(error: Exception) -> str | None:
    """Returns file, line and function of one's own that an error was raised below.

    None if it came from the package or from libraries alone.
    """
    libraries = [sysconfig.get_path(name) for name in _LIBRARIES]
    libraries.append(site.getusersitepackages())
    known = (os.path.dirname(os.path.abspath(__file__)), *libraries, "<")
    own = [
        step
        for step in traceback.extract_tb(error.__traceback__)
        if not step.filename.startswith(known) and step.name != "<module>"
    ]
    return f"{own[-1].filename}:{own[-1].lineno}, in {own[-1].name}" if own else None
