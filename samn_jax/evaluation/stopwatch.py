"""Seconds that a tracker takes, start by start and step by step."""

import sys
import time
from collections.abc import Callable
from typing import Any


class Stopwatch:
    """Times calls of a tracker until all that they answer is computed.

    Attributes:
      starts: seconds of every start of an object so far.
      steps: seconds of every step so far.
      last: seconds of the last call.
    """

    def __init__(self) -> None:
        """Makes a watch that has timed nothing."""
        self.starts: list[float] = []
        self.steps: list[float] = []
        self.last = 0.0
        # JAX goes on computing after a call. Whoever uses it has imported it by now;
        # an import here or under the clock would cost the others a second.
        jax = sys.modules.get("jax")
        self._wait = jax.block_until_ready if jax else _nothing

    def start(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Returns what the call of a start returns."""
        return self._time(self.starts, call, arguments)

    def step(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Returns what the call of a step returns."""
        return self._time(self.steps, call, arguments)

    def _time(
        self, times: list[float], call: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> Any:
        began = time.perf_counter()
        answer = call(*arguments)
        self._wait(answer)
        self.last = time.perf_counter() - began
        times.append(self.last)
        return answer


def _nothing(answer: Any) -> None:
    """Takes no time."""
