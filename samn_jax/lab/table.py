"""Results of the lab as a table for the terminal."""

from typing import Any

from samn_jax.lab import conclusions

_COLUMNS = ("J&F", "J", "survived", "recovered", "auroc", "switches")


def format_results(results: dict[str, Any]) -> str:
    """Returns a table for each loop, a line for each design, and what it means."""
    lines = []
    for loop, compared in results["loops"].items():
        lines += ["", *_loop_lines(loop, compared, results)]
    if results["failed"]:
        lines.append(f"failed: {', '.join(results['failed'])}")
    return "\n".join([*lines[1:], *results["remarks"]])


def _loop_lines(
    loop: str, compared: dict[str, Any], results: dict[str, Any]
) -> list[str]:
    arms = compared["arms"]
    width = max(map(len, arms))
    clips, videos = results["clips"], results["videos"]
    head = "".join(f"{name:>10}" for name in _COLUMNS)
    lines = [
        f"suite {results['suite']}, {loop} loop: {videos} videos of {clips} clips",
        f"{'':<{width}}{head}   {compared['measure']} - {compared['base']}, 95 %"
        "         p Holm  verdict             ms  state KiB",
    ]
    for name, arm in arms.items():
        cells = "".join(_number(arm["metrics"][c], 10) for c in _COLUMNS)
        costs = results["costs"].get(name) or {}
        lines.append(
            f"{name:<{width}}{cells}   {_difference(arm['difference'])}"
            f"{_number(costs.get('read_write_ms'), 8, 2)}"
            f"{_number(_kib(costs.get('state_bytes')), 10, 0)}"
        )
    floor = compared["chaos_floor"]
    told = "not measured" if floor is None else f"±{floor:.3f}"
    lines.append(f"chaos floor of a mean difference: {told}")
    return lines + conclusions.of(compared)


def _difference(told: dict[str, Any] | None) -> str:
    if told is None:
        return f"{'':<54}"
    interval = f"{told['mean']:+.3f} [{told['low']:+.3f}, {told['high']:+.3f}]"
    p_holm = _number(told["p_holm"], 7)
    verdict = told["verdict"]
    if verdict == "not resolved" and told["pairs_needed"]:
        verdict += f" ({told['pairs_needed']} pairs)"
    return f"{interval:<24}{p_holm}  {verdict:<21}"


def _kib(count: int | None) -> float | None:
    return None if count is None else count / 1024


def _number(value: float | None, width: int, digits: int = 3) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:{width}.{digits}f}"
