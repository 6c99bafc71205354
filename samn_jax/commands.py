"""How every command ends: one line and a code, whatever comes between.

Messages never end a run. Where nobody reads them any more, as after `| head`, or where
they can't be written, the work goes on to its end, and the exit code tells.
"""

import argparse
import contextlib
import errno
import os
import signal
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from samn_jax import errors, files

BAD_INPUT, STOPPED = 2, 130
UNREAD = 128 + signal.SIGPIPE  # as shells tell of a command whose reader has gone
_NO_MEMORY = "RESOURCE_EXHAUSTED"  # what XLA says of it
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GOES_ON = "stopped; the same command goes on"


def run(
    command: Callable[[argparse.Namespace], int | None],
    parser: argparse.ArgumentParser,
    words: Sequence[str] | None,
    *,
    code: Callable[[Exception], int] = lambda error: BAD_INPUT,
    stopped: str = "stopped",
) -> int:
    """Returns the exit code of a command: what it returns, with None as 0.

    An error that a user can cure, a file or disk that fails, and an error in a file of
    one's own, as a memory design, is one line on stderr that names it.

    Args:
      command: what is run with the parsed words.
      parser: of the words.
      words: of the command line; this process's if None.
      code: of an error that is told so.
      stopped: what is said after Ctrl-C; the code is 130.
    """
    flags = parser.parse_args(words)
    with _messages() as told:
        status = _status(command, flags, code, stopped)
    reason = next((lost.reason for lost in told if lost.reason is not None), None)
    if status or reason is None:
        return status
    if reason.errno == errno.EPIPE:
        return UNREAD
    with contextlib.suppress(OSError):
        print(f"error: messages can't be written: {reason.strerror}", file=sys.stderr)
    return BAD_INPUT


def _status(
    command: Callable[[argparse.Namespace], int | None],
    flags: argparse.Namespace,
    code: Callable[[Exception], int],
    stopped: str,
) -> int:
    try:
        return command(flags) or 0
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        return STOPPED
    except SystemExit as error:  # Parsing is over: it is a file of code that left.
        print(f"error: code that was run left by itself: {error!r}", file=sys.stderr)
        return BAD_INPUT
    except Exception as error:
        if (line := as_told(error)) is None:
            raise
        print(f"error: {line}", file=sys.stderr)
        return code(error)


def as_told(error: Exception) -> str | None:
    """Returns the line that a user is told of an error; None if it is a fault of ours.

    See `errors.as_told`; an error of the operating system is told as well, unless the
    variable SAMN_TRACEBACK is set.
    """
    is_shown_in_full = os.environ.get(errors.TRACEBACK)
    is_told = isinstance(error, errors.InputError)
    lacks_memory = isinstance(error, MemoryError) or _NO_MEMORY in errors.said(error)
    if lacks_memory and not is_told:
        told = "not enough memory: give smaller frames, crops or batches"
        return None if is_shown_in_full else told
    line = errors.as_told(error)
    if line is not None or is_shown_in_full:
        return line
    if isinstance(error, OSError) and error.strerror:
        what = "" if error.filename is None else f"{files.shown(error.filename)}: "
        cure = f"mend that ({errors.TRACEBACK}=1 shows the whole traceback)"
        return f"{what}{errors.one_line(error.strerror)}: {cure}"
    return None


class Interrupts:
    """Ctrl-C, SIGTERM and SIGHUP as `KeyboardInterrupt`, though never amid some work.

    As a context it changes the signals' meaning; in any but the main thread it has no
    say.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._is_held = self._waits = False

    def __enter__(self) -> "Interrupts":
        """Begins to heed the signals."""
        with contextlib.suppress(ValueError):  # Not the main thread.
            for number in _INTERRUPTS:
                self._before[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(self, *problem: object) -> None:
        """Gives the signals their former meaning back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Lets a block come to its end before `KeyboardInterrupt` is raised."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self._waits:
            self._waits = False
            raise KeyboardInterrupt

    def _interrupt(self, number: int, frame: types.FrameType | None) -> None:
        if not self._is_held:
            raise KeyboardInterrupt
        self._waits = True


@contextlib.contextmanager
def _messages() -> Iterator[list["_Messages"]]:
    """Gives what stands in for stdout and stderr in the block."""
    told = [_Messages(sys.stdout), _Messages(sys.stderr)]
    with (
        contextlib.redirect_stdout(told[0]),
        contextlib.redirect_stderr(told[1]),
    ):
        try:
            yield told
        finally:
            for stream in told:
                stream.flush()


class _Messages:
    """A text stream that takes everything, readable or not."""

    def __init__(self, stream: Any) -> None:
        """Wraps a stream; None, of a process without one, takes everything too."""
        self._stream = stream
        self.reason: OSError | None = None  # why messages were lost

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Writes text, escaped where the terminal can't show it."""
        if self._stream is not None and self.reason is None:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                coding = self._stream.encoding or "ascii"
                escaped = text.encode(coding, "backslashreplace").decode(coding)
                return self.write(escaped) and len(text)
            except OSError as error:
                self._lose(error)
        return len(text)

    def flush(self) -> None:
        """Hands on what was written."""
        if self._stream is not None and self.reason is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._lose(error)

    def _lose(self, error: OSError) -> None:
        """Notes why; what Python still holds back goes nowhere."""
        self.reason = error
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
