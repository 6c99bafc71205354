"""From the measures of all videos to what can be said of each design."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from samn_jax.lab import paired
from samn_jax.lab.measures import Measures
from samn_jax.lab.suite import Arm

CHOSEN_BY = "J&F"  # the measure that differences are told of
SIGNIFICANT = 0.05  # after Holm's correction
SCALARS = (
    *("J&F", "J", "F", "survived", "auroc", "false_alarms", "switches"),
    *("recovered", "frames_to_recover"),
)

# Arm → video → its measures.
Table = Mapping[str, Mapping[str, Measures]]


def compare(
    arms: Sequence[Arm], base: str, table: Table, clips: Mapping[str, str]
) -> dict[str, Any]:
    """Returns each arm's means and its difference to the base, as JSON values.

    Args:
      arms: those compared; Holm's correction counts those without noise.
      base: name of the one they are compared with.
      table: measures of all videos.
      clips: video → the clip that it was made from.
    """
    chosen = {arm.name: _values(table[arm.name], CHOSEN_BY) for arm in arms}
    changes = {
        arm.name: paired.by_clip(chosen[arm.name], chosen[base], clips)
        for arm in arms
        if arm.name != base
    }
    noise = [changes[arm.name][0] for arm in arms if arm.noise and arm.name in changes]
    floor = paired.chaos_floor(noise)
    differences = {name: paired.difference(*change) for name, change in changes.items()}
    p_values = {
        arm.name: found.p
        for arm in arms
        if not arm.noise and (found := differences.get(arm.name)) is not None
    }
    corrected = paired.holm(p_values)
    fewest = paired.fewest_clips(max(len(p_values), 1), SIGNIFICANT)
    differences = {
        name: found and paired.with_at_least(found, fewest)
        for name, found in differences.items()
    }
    return {
        "measure": CHOSEN_BY,
        "base": base,
        "chaos_floor": floor,
        "arms": {
            arm.name: {
                "remark": arm.remark,
                "metrics": means(table[arm.name], clips),
                "difference": _told(
                    differences.get(arm.name), corrected.get(arm.name), floor
                ),
                "videos": dict(table[arm.name]),
            }
            for arm in arms
        },
    }


def _told(
    found: paired.Difference | None, corrected: float | None, floor: float | None
) -> dict[str, Any] | None:
    """Returns a difference as JSON values, with its verdict."""
    if found is None:
        return None
    told = {**found._asdict(), "p_holm": corrected, "verdict": "chance"}
    if corrected is not None:
        told["verdict"] = verdict(found, corrected, floor)
    if floor is not None and abs(found.mean) <= floor:
        # Chance alone makes it as large: however many clips, it would not be resolved.
        told |= {"clips_needed": None, "pairs_needed": None}
    return told


def verdict(found: paired.Difference, corrected: float, floor: float | None) -> str:
    """Returns `better`, `worse` or `not resolved`.

    Resolved is a difference that is significant at 5 % after Holm's correction and that
    is larger than chance alone makes it; without a chaos floor, none is.
    """
    outside = floor is not None and abs(found.mean) > floor
    if corrected >= SIGNIFICANT or not outside:
        return "not resolved"
    return "better" if found.mean > 0 else "worse"


def means(
    measures: Mapping[str, Measures], clips: Mapping[str, str]
) -> dict[str, float | None]:
    """Returns the mean of each measure over clips, of each the mean over its videos."""
    return {name: clip_mean(_values(measures, name), clips) for name in SCALARS}


def clip_mean(values: Mapping[str, float], clips: Mapping[str, str]) -> float | None:
    """Returns the mean over clips of the mean over videos, None without any."""
    by_clip: dict[str, list[float]] = {}
    for video, value in values.items():
        by_clip.setdefault(clips[video], []).append(value)
    if not by_clip:
        return None
    return float(np.mean([np.mean(x) for x in by_clip.values()]))


def _values(measures: Mapping[str, Measures], name: str) -> dict[str, float]:
    return {
        video: float(one[name])
        for video, one in measures.items()
        if one[name] is not None
    }
