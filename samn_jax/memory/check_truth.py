"""The checks of `samn_jax.memory.check` of what a design keeps, and what it reports."""

import jax

from samn_jax.memory.check_frames import (
    CORRECTED,
    FRAMES,
    Case,
    close,
    compiled,
    entries,
    expect,
    run_of,
)
from samn_jax.memory.entry import Reason


def check_given(case: Case) -> None:
    """The first frame and a person's correction are never forgotten."""
    _, _, _, slots = run_of(case)
    for number, since in ((0, 0), (CORRECTED, CORRECTED - 1)):
        held = (slots.given & slots.valid & (slots.frame_idx == number)).any(-1)
        expect(
            bool(held[since:].all()),
            f"frame {number}, which a person has marked, can't be read any more after "
            f"frame {since + int((~held[since:]).argmax()) + 1}: given frames stay",
        )


def check_lost(case: Case) -> None:
    """A frame without a target leaves what is read as it was."""
    programs = compiled(case)
    state = programs.init(case.first())
    for number in range(1, 6):
        state = programs.step(state, case.frame(number))[0]
    query = case.frame(30).key
    before = programs.read(state, query)
    state, _, report = programs.step(state, case.frame(6, found=False))
    after = programs.read(state, query)
    expect(
        close(before.readout, after.readout),
        "a frame in which no target was found (entry.found is false) changes what is "
        "read: do not write it",
    )
    expect(
        int(report.reason) in (Reason.NOT_FOUND, Reason.FROZEN),
        f"write reports {Reason(int(report.reason)).name} of a frame in which no "
        "target was found: report NOT_FOUND",
    )


def check_reports(case: Case) -> None:
    """What a write reports is what the slots show, and its reason fits the frame."""
    _, _, reports, slots = run_of(case)
    found = [bool(entry.found) for entry in entries(case)]
    for step in range(FRAMES):
        number, slot = step + 1, int(reports.slot[step])
        _check_reason(number, int(reports.reason[step]), found[step])
        held = set(slots.frame_idx[step][slots.valid[step]].tolist())
        if slot >= 0:
            shown = int(slots.frame_idx[step][slot])
            expect(
                shown == number and bool(slots.valid[step][slot]),
                f"frame {number}: write reports slot {slot}, where slots() shows frame "
                f"{shown}",
            )
        elif number in held:
            expect(False, f"frame {number} can be read, but write reports no slot")
        gone = int(reports.forgotten[step])
        if gone >= 0:
            expect(
                gone not in held,
                f"frame {number}: write reports frame {gone} as forgotten, which "
                "slots() still shows",
            )


def check_wants(case: Case) -> None:
    """Of a frame that a design does not want it uses neither key nor value."""
    if case.design.wants(case.first()) is True:
        return
    programs = compiled(case)
    told = jax.jit(
        lambda s, e: case.design.write(
            s, e, case.design.read(s, e.key, case.reader), case.reader
        )
    )
    state = programs.init(case.first())
    for number, entry in enumerate(entries(case)):
        expect(
            not entry.given or bool(case.design.wants(entry)),
            f"frame {number + 1}, which a person has marked, is not wanted: wants() "
            "must be true of given frames",
        )
        after, report = told(state, entry)
        state, _, its_report = programs.step(state, entry)
        expect(
            close((after, report), (state, its_report)),
            f"frame {number + 1} is not wanted (wants() is false), but write uses its "
            "key or value, which the tracker does not make then",
        )


def _check_reason(number: int, reason: int, found: bool) -> None:
    """Checks that a reason is one, and not that of a lost frame for a found one."""
    names = ", ".join(known.name for known in Reason)
    expect(
        reason in [int(known) for known in Reason],
        f"frame {number}: write reports reason {reason}: choose from {names}",
    )
    expect(
        not (found and reason == Reason.NOT_FOUND),
        f"frame {number}: write reports NOT_FOUND, but there was a target in it "
        f"(entry.found): choose from {names}",
    )
