"""What a comparison says in sentences: who differs from the base, who may not, why."""

from typing import Any

from samn_jax.lab import paired
from samn_jax.lab.comparison import SIGNIFICANT


def of(compared: dict[str, Any]) -> list[str]:
    """Returns a sentence for each design that is compared with the base, best first.

    Before them stands what no number of designs could help: too few clips.

    Args:
      compared: one loop of `results.json`.
    """
    told = {
        name: arm["difference"]
        for name, arm in compared["arms"].items()
        if arm["difference"] and arm["difference"]["p_holm"] is not None
    }
    if not told:
        return [
            "Nothing can be told yet: a difference has an interval and a p-value from "
            "two clips on. More seeds, scripts or real clips make more."
        ]
    order = sorted(told, key=lambda name: -told[name]["mean"])
    sentences = [_sentence(name, told[name], compared) for name in order]
    most = max(found["clips"] for found in told.values())
    needed = paired.fewest_clips(len(told), SIGNIFICANT)
    if most < needed:
        first = (
            f"{most} clips are too few for any verdict: with {len(told)} designs "
            f"compared, p can be below {SIGNIFICANT} from {needed} clips on."
        )
        return [first, *sentences]
    return sentences


def _sentence(name: str, found: dict[str, Any], compared: dict[str, Any]) -> str:
    base, measure, floor = (
        compared["base"],
        compared["measure"],
        compared["chaos_floor"],
    )
    how = (
        f"{measure} {found['mean']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}], "
        f"p {found['p_holm']:.3f}"
    )
    if found["verdict"] in ("better", "worse"):
        return f"{name} is {found['verdict']} than {base}: {how}."
    reasons = []
    if found["p_holm"] >= SIGNIFICANT:
        reasons.append(f"p is not below {SIGNIFICANT}")
    if floor is None:
        reasons.append("the chaos floor was not measured")
    elif abs(found["mean"]) <= floor:
        reasons.append(f"chance alone moves ±{floor:.3f}")
    pairs = found["pairs_needed"]
    cure = (
        f"; about {pairs} pairs would show a difference of that size" if pairs else ""
    )
    return f"{name} can't be told from {base}: {how}; {', '.join(reasons)}{cure}."
