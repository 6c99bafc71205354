"""Charts of the lab's page as SVG: intervals, courses, and a plane of points."""

import html
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

COLORS = (
    *("#4269d0", "#efb118", "#ff725c", "#3ca951", "#a463f2", "#6cc5b0", "#9c6b4e"),
    *("#ff8ab7", "#38b2c8", "#c26f00", "#7a8b00", "#b33a7a", "#97bbf5", "#9498a0"),
)
_WIDTH, _ROW, _LABEL = 640, 22, 150


class Interval(NamedTuple):
    """A row of a chart of intervals."""

    mean: float
    low: float
    high: float
    verdict: str  # a class of the page's style


def color(index: int) -> str:
    """Returns the color of a design by its number."""
    return COLORS[index % len(COLORS)]


def intervals(rows: Mapping[str, Interval], floor: float | None) -> str:
    """Returns a row for each design: mean and interval around 0.

    Args:
      rows: name → interval.
      floor: half of the band that chance alone fills, gray; None is without.
    """
    ends = [abs(x) for row in rows.values() for x in (row.low, row.high)]
    limit = 1.05 * max([*ends, floor or 0.0, 0.01])
    step = _nice(limit / 3)

    def place(value: float) -> float:
        return _LABEL + (value / limit + 1) / 2 * (_WIDTH - _LABEL - 10)

    bottom = _ROW * len(rows) + 6
    parts = []
    if floor:
        left, right = place(-floor), place(floor)
        parts.append(
            f"<rect class='floor' x='{left:.1f}' y='0' width='{right - left:.1f}' "
            f"height='{bottom}'/>"
        )
    for count in range(-math.floor(limit / step), math.floor(limit / step) + 1):
        x, kind = place(count * step), "zero" if count == 0 else "grid"
        parts.append(
            f"<line class='{kind}' x1='{x:.1f}' x2='{x:.1f}' y1='0' y2='{bottom}'/>"
            f"<text x='{x:.1f}' y='{bottom + 16}' text-anchor='middle'>"
            f"{count * step:+.3g}</text>"
        )
    for number, (name, row) in enumerate(rows.items()):
        y = _ROW * number + _ROW / 2 + 3
        kind = html.escape(row.verdict.replace(" ", "-"))
        parts.append(
            f"<g class='{kind}'><text x='{_LABEL - 8}' y='{y + 4}' text-anchor='end'>"
            f"{html.escape(name)}</text><line class='bar' x1='{place(row.low):.1f}' "
            f"x2='{place(row.high):.1f}' y1='{y}' y2='{y}'/>"
            f"<circle cx='{place(row.mean):.1f}' cy='{y}' r='4.5'/></g>"
        )
    return _svg(parts, bottom + 24, "mean differences with intervals")


def courses(rows: Mapping[str, Sequence[float | None]], label: str) -> str:
    """Returns a line for each design over equal parts of a video; values in [0, 1]."""
    height, left, right = 240, 40, _WIDTH - _LABEL
    most = max((len(row) for row in rows.values()), default=1)

    def point(number: int, value: float) -> tuple[float, float]:
        x = left + number * (right - left) / max(most - 1, 1)
        return x, 10 + (1 - value) * (height - 40)

    parts = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        _, y = point(0, tick)
        parts.append(
            f"<line class='grid' x1='{left}' x2='{right}' y1='{y:.1f}' y2='{y:.1f}'/>"
            f"<text x='{left - 6}' y='{y + 4:.1f}' text-anchor='end'>{tick:g}</text>"
        )
    for number in range(most):
        x, _ = point(number, 0.0)
        parts.append(
            f"<text x='{x:.1f}' y='{height - 12}' text-anchor='middle'>{number + 1}"
            "</text>"
        )
    for number, (name, row) in enumerate(rows.items()):
        seen = [point(i, value) for i, value in enumerate(row) if value is not None]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in seen)
        y = 16 + number * min(17.0, (height - 30) / len(rows))
        parts.append(
            f"<g class='course' style='color: {color(number)}'>"
            f"<title>{html.escape(name)}</title><polyline points='{path}'/>"
            f"<text x='{right + 12}' y='{y:.1f}'>"
            f"{html.escape(name)}</text></g>"
        )
    return _svg(parts, height, label)


def plane(points: Mapping[str, tuple[float, float]], labels: tuple[str, str]) -> str:
    """Returns a point for each design, x logarithmic.

    Args:
      points: name → (x, y), x above 0.
      labels: of the axes.
    """
    height, left, right = 280, 50, _WIDTH - 100
    logs = [math.log10(x) for x, _ in points.values()]
    ys = [y for _, y in points.values()]
    x_low, x_high = _padded(logs)
    y_low, y_high = _padded(ys)

    def place(x: float, y: float) -> tuple[float, float]:
        along = (math.log10(x) - x_low) / (x_high - x_low)
        up = (y - y_low) / (y_high - y_low)
        return left + along * (right - left), height - 40 - up * (height - 55)

    parts = []
    for tick in _ticks(x_low, x_high):
        x, _ = place(tick, y_low)
        parts.append(
            f"<line class='grid' x1='{x:.1f}' x2='{x:.1f}' y1='10' y2='{height - 40}'/>"
            f"<text x='{x:.1f}' y='{height - 24}' text-anchor='middle'>{tick:g}</text>"
        )
    step = _nice((y_high - y_low) / 3)
    for count in range(math.ceil(y_low / step), math.floor(y_high / step) + 1):
        _, y = place(10**x_low, count * step)
        parts.append(
            f"<line class='grid' x1='{left}' x2='{right}' y1='{y:.1f}' y2='{y:.1f}'/>"
            f"<text x='{left - 6}' y='{y + 4:.1f}' text-anchor='end'>"
            f"{count * step:.3g}</text>"
        )
    for number, (name, values) in enumerate(points.items()):
        x, y = place(*values)
        parts.append(
            f"<circle cx='{x:.1f}' cy='{y:.1f}' r='5' style='color: {color(number)}'/>"
            f"<text x='{x + 8:.1f}' y='{y + 4:.1f}'>{html.escape(name)}</text>"
        )
    along, up = map(html.escape, labels)
    parts.append(
        f"<text x='{(left + right) / 2}' y='{height - 6}' text-anchor='middle'>{along}"
        f"</text><text x='4' y='12'>{up}</text>"
    )
    return _svg(parts, height, f"{up} over {along}")


def _padded(values: Sequence[float]) -> tuple[float, float]:
    spread = max(max(values) - min(values), 0.02)
    return min(values) - 0.1 * spread, max(values) + 0.1 * spread


def _ticks(low: float, high: float) -> list[float]:
    """Returns 1, 2 and 5 times powers of ten between 10^low and 10^high."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    ticks = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    return [tick for tick in ticks if low <= math.log10(tick) <= high]


def _nice(step: float) -> float:
    """Returns 1, 2 or 5 times a power of ten, not above `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return max(x * power for x in (1, 2, 5) if x * power <= step * (1 + 1e-9))


def _svg(parts: Sequence[str], height: float | int, label: str) -> str:
    return (
        f"<svg viewBox='0 0 {_WIDTH} {height}' role='img' "
        f"aria-label='{html.escape(label, quote=True)}'>{''.join(parts)}</svg>"
    )
