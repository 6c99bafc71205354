"""Errors that a user can cure: one line that names the file and what to do."""

import difflib
import os
import site
import sysconfig
import traceback
import types
from typing import Any

TRACEBACK = "SAMN_TRACEBACK"  # variable that shows errors of own code in full
# Packages that `pip install samn-jax` leaves out, by the extra that brings them.
_EXTRAS = {
    "train": (
        "optax", "orbax", "grain", "array_record", "tensorflow_datasets", "etils",
        "absl", "scipy", "tensorboardX", "importlib_resources",
    ),
    "page": ("gradio",),
    "vot": ("vot", "trax"),
    "got10k": ("got10k",),
}  # fmt: skip
_LIBRARIES = ("stdlib", "platstdlib", "purelib", "platlib")
_SHOWN_NAMES = 16  # up to so many names are told; of more, the nearest


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


def as_told(error: Exception) -> str | None:
    """Returns the line that a user is told of an error; None if it is a fault of ours.

    That is an `InputError`, a package of an extra that is not installed, or any error
    that was raised in or below a function of a
    file that is neither the package's nor a library's: a design's, a suite's. Its whole
    traceback is shown if the variable SAMN_TRACEBACK is set.
    """
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        package = (error.name or "").partition(".")[0]
        for extra, packages in _EXTRAS.items():
            if package in packages:
                return f'{package} is missing: pip install "samn-jax[{extra}]"'
    place = own_place(error)
    if place is None or os.environ.get(TRACEBACK):
        return None
    return one_line(
        f"{place}: {reason_of(error)} ({TRACEBACK}=1 shows the whole traceback)"
    )


def reason_of(error: BaseException) -> str:
    """Returns an error's kind and the first line of what it says.

    Of a name that isn't there it adds those that are, or the nearest of many.
    """
    reason = f"{type(error).__name__}: {said(error).strip().partition(chr(10))[0]}"
    if isinstance(error, AttributeError) and error.name:
        names = _public_names(error.obj)
        if len(names) > _SHOWN_NAMES:
            names = difflib.get_close_matches(error.name, names)
        reason += f"; it has {', '.join(names)}" if names else ""
    return reason


def said(error: BaseException) -> str:
    """Returns what an error says; nothing if it fails to say it, as one's own may."""
    try:
        return str(error)
    except Exception:
        return ""


def _public_names(holder: Any) -> list[str]:
    """Returns what one may ask an object for: fields, methods, a module's own names."""
    if hasattr(holder, "_fields"):  # A NamedTuple: without a tuple's count and index.
        return list(holder._fields)
    names = [name for name in dir(holder) if not name.startswith("_")]
    if isinstance(holder, types.ModuleType):
        made_here = [
            name
            for name in names
            if getattr(getattr(holder, name), "__module__", "") == holder.__name__
        ]
        return made_here or names
    return names


def line_in(error: BaseException, path: str) -> int | None:
    """Returns the line of a file that an error was raised in or below, if any."""
    steps = traceback.extract_tb(error.__traceback__)
    lines = [step.lineno for step in steps if step.filename == path]
    return lines[-1] if lines else None


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
