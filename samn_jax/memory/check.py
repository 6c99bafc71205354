"""Whether a design keeps its promises: python -m samn_jax.memory.check my.py:Mine.

Seconds, on made-up frames of a few cells. Each check tells its fault in the terms of
whoever writes designs. The same checks serve as tests of one's own:

    class TestMine(check.DesignChecks):
        design = Mine(capacity=6)
"""

import argparse
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from samn_jax import commands, errors, overrides
from samn_jax.memory import check_cases as cases
from samn_jax.memory import check_truth as truth
from samn_jax.memory import registry
from samn_jax.memory.check_frames import Case, Fault, make_case
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.design import Design

_LONGEST_FAULT = 500
# After a fault of these the others would say the same again, in misleading words: NaN
# is equal to nothing.
_DECISIVE = ("shapes and types", "state of fixed size", "finite")


class Result(NamedTuple):
    """The outcome of one check."""

    name: str
    fault: str  # empty if it is kept


# In this order: what comes first explains what would fail later.
CHECKS: dict[str, Callable[[Case], None]] = {
    "shapes and types": cases.check_shapes,
    "state of fixed size": cases.check_fixed_state,
    "one compilation": cases.check_one_trace,
    "finite": cases.check_finite,
    "one frame reads as trained": cases.check_single_frame,
    "attention sums to one": cases.check_masses,
    "scan is the loop": cases.check_scan,
    "vmap is each alone": cases.check_vmap,
    "gradients": cases.check_gradients,
    "given frames stay": truth.check_given,
    "lost frames change nothing": truth.check_lost,
    "reports are true": truth.check_reports,
    "what it wants is what it uses": truth.check_wants,
}


def check(design: Design) -> list[Result]:
    """Returns the outcome of every check, with and without a regression.

    After a fault of shapes, of the state's size or of numbers that are not finite the
    others are left out.

    Args:
      design: with a small capacity; frames are tiny, but hundreds of them pass.
    """
    results = []
    for name, run in CHECKS.items():
        fault = ""
        for regression in (True, False):
            fault = fault or _fault(run, design, regression)
        results.append(Result(name, fault))
        if fault and name in _DECISIVE:
            break
    return results


def _fault(run: Callable[[Case], None], design: Design, regression: bool) -> str:
    try:
        run(make_case(design, regression))
    except Fault as fault:
        return str(fault)
    except Exception as error:  # Whatever a stranger's design may raise.
        reason, place = errors.reason_of(error), errors.own_place(error)
        where = f"{place}: " if place else ""
        return errors.one_line(f"it fails: {where}{reason}"[:_LONGEST_FAULT])
    return ""


class DesignChecks:
    """Base of a pytest class: one test a check, of the design that it names.

    Attributes:
      design: what is tested; give it a small capacity.
    """

    design: Design

    def _run(self, name: str) -> None:
        for regression in (True, False):
            CHECKS[name](make_case(self.design, regression))


def _method(name: str) -> Callable[[Any], None]:
    def test(self: Any) -> None:
        self._run(name)

    test.__doc__ = f"Checks: {name}."
    return test


for _name in CHECKS:
    setattr(DesignChecks, f"test_{_name.replace(' ', '_')}", _method(_name))


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 if all is kept, 1 after a fault, 2 if there is no such design."""
    parser = argparse.ArgumentParser(
        prog="python -m samn_jax.memory.check", description=__doc__.splitlines()[0]
    )
    parser.add_argument("design", help="name of a design, or my.py:Mine")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    return commands.run(_tell, parser, arguments)


def _tell(flags: argparse.Namespace) -> int:
    small = MemoryConfig(design=flags.design, capacity=5, remember_lost=False)
    results = check(registry.build(overrides.override(small, flags.set)))
    for result in results:
        print(f"{'FAULT' if result.fault else 'ok':6s}{result.name}")
        if result.fault:
            print(f"      {result.fault}")
    left_out = len(CHECKS) - len(results)
    if left_out:
        print(f"{left_out} more checks wait until that is mended")
    return 1 if any(result.fault for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
