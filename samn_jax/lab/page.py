"""The lab's results as one HTML page that needs nothing from anywhere else."""

import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from samn_jax import files
from samn_jax.lab import charts, conclusions

FILE = "results.html"
_COLUMNS = (
    *("J&F", "J", "F", "survived", "recovered", "frames_to_recover"),
    *("false_alarms", "switches", "auroc"),
)
_MEANINGS = (
    "survived: share of a video before J stays below .5 for ten frames · recovered: "
    "share of events after which J is above .5 within 25 frames · false alarms: share "
    "of frames without the target in which something was found · switches: times that "
    "the mask went over to another actor, or back · auroc: chance that a failed frame "
    "(J below .5) has less confidence than a good one"
)
_STYLE = """
:root { color-scheme: light dark; --line: #8885; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1280px; margin: 2em auto;
       padding: 0 1em; }
h2 { margin-top: 2em; } .note { opacity: .75; max-width: 75ch; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .15em .6em; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 1px solid var(--line); white-space: normal;
           vertical-align: bottom; }
tr.base td { font-weight: 600; } tr:hover { background: #8882; }
svg { width: 100%; max-width: 760px; font: 12px system-ui, sans-serif; display: block; }
svg text { fill: currentColor; }
.grid { stroke: var(--line); } .zero { stroke: currentColor; }
.floor { fill: #8883; } .bar { stroke: currentColor; stroke-width: 2; }
circle { fill: currentColor; }
polyline { fill: none; stroke: currentColor; stroke-width: 1.8; }
.course:hover polyline { stroke-width: 4; }
.better { color: #1a8f4a; } .worse { color: #d0432f; }
.not-resolved, .chance { color: #888; }
pre { white-space: pre-wrap; background: #8882; padding: 1em; }
"""


def write(output_dir: Path, results: dict[str, Any], suffix: str = "") -> Path:
    """Returns the page's path once it is written beside `results.json`.

    Args:
      output_dir: where to.
      results: content of `results.json`.
      suffix: of the file's name, as for a shard.

    Raises:
      InputError: it can't be written.
    """
    path = output_dir / FILE.replace(".", f"{suffix}.")
    files.write_text(path, render(results))
    return path


def render(results: dict[str, Any]) -> str:
    """Returns the whole page."""
    title = html.escape(f"Memory lab: suite {results['suite']}")
    loops = "".join(
        _loop(loop, compared, results) for loop, compared in results["loops"].items()
    )
    failed = "".join(
        f"<li>{html.escape(f'{name}: {why}')}</li>"
        for name, why in results["failed"].items()
    )
    remarks = "".join(
        f"<p class='note'>{html.escape(x)}</p>" for x in results["remarks"]
    )
    manifest = "\n".join(f"{k}: {v}" for k, v in results["manifest"].items())
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>"
        f"<p>{results['videos']} videos of {results['clips']} clips.</p>"
        f"{f'<h2>Failed</h2><ul>{failed}</ul>' if failed else ''}{loops}{remarks}"
        f"<h2>How it was made</h2><pre>{html.escape(manifest)}</pre></html>\n"
    )


def _loop(loop: str, compared: dict[str, Any], results: dict[str, Any]) -> str:
    arms, measure = compared["arms"], compared["measure"]
    base = html.escape(compared["base"])
    tenths = {name: _tenths(arm["videos"].values()) for name, arm in arms.items()}
    told = "".join(f"<li>{html.escape(x)}</li>" for x in conclusions.of(compared))
    parts = [
        f"<h2>{html.escape(loop)} loop</h2>",
        f"<ul>{told}</ul>",
        _table(arms, compared["base"], results["costs"]),
        f"<p class='note'>{html.escape(_MEANINGS)}.</p>",
        f"<h3>{html.escape(measure)}: difference to {base}</h3>",
        _forest(arms, compared["chaos_floor"]),
        "<h3>J by tenth of a video</h3>",
        charts.courses(tenths, "J by tenth of a video"),
        _plane(arms, measure, results["costs"]),
        _events(arms),
        f"<h3>{html.escape(measure)}, video by video</h3>",
        _videos(arms, compared["base"], measure),
    ]
    return "".join(parts)


def _table(arms: dict[str, Any], base: str, costs: dict[str, Any]) -> str:
    heads = (*_COLUMNS, "ms", "state KiB", "MFLOP", "compile s")
    rows = []
    for name, arm in arms.items():
        cost = costs.get(name) or {}
        values = [_number(arm["metrics"].get(column)) for column in _COLUMNS]
        values += [
            _number(cost.get("read_write_ms"), 2),
            _number(cost.get("state_bytes"), 0, 1 / 1024),
            _number(cost.get("flops"), 1, 1e-6),
            _number(cost.get("compile_seconds"), 1),
        ]
        shown = html.escape(name) + (
            f" <span class='note'>{html.escape(arm['remark'])}</span>"
            if arm["remark"]
            else ""
        )
        rows.append(_row([shown, *values], "base" if name == base else ""))
    words = [html.escape(head.replace("_", " ")) for head in heads]
    return _grid(["", *words], rows)


def _forest(arms: dict[str, Any], floor: float | None) -> str:
    told = {name: arm["difference"] for name, arm in arms.items() if arm["difference"]}
    if not told:
        return "<p class='note'>None: two clips at least are needed.</p>"
    rows = {
        name: charts.Interval(one["mean"], one["low"], one["high"], one["verdict"])
        for name, one in told.items()
    }
    words = (
        "95 % intervals (bootstrap over clips); the gray band is what chance alone "
        "moves. Green and red are resolved: significant at 5 % after Holm's "
        "correction, and outside of the band."
    )
    body = [
        _row(
            [
                html.escape(name),
                f"{one['mean']:+.3f}",
                f"{one['low']:+.3f} … {one['high']:+.3f}",
                _number(one["p_holm"]),
                f"<span class='{one['verdict'].replace(' ', '-')}'>"
                f"{html.escape(one['verdict'])}</span>",
                str(one["pairs"]),
                str(one["pairs_needed"] or "-"),
            ]
        )
        for name, one in told.items()
    ]
    heads = ["", "mean", "95 %", "p (Holm)", "verdict", "pairs", "pairs needed"]
    return (
        charts.intervals(rows, floor)
        + f"<p class='note'>{words}</p>"
        + _grid(heads, body)
    )


def _plane(arms: dict[str, Any], measure: str, costs: dict[str, Any]) -> str:
    points = {
        name: (costs[name]["state_bytes"] / 1024, arm["metrics"][measure])
        for name, arm in arms.items()
        if costs.get(name) and arm["metrics"][measure] is not None
    }
    if not points:
        return ""
    chart = charts.plane(points, ("state, KiB", measure))
    return f"<h3>{html.escape(measure)} against size</h3>{chart}"


def _events(arms: dict[str, Any]) -> str:
    """Returns a table of what was recovered from, a row for each kind of event."""
    told = {
        name: [event for video in arm["videos"].values() for event in video["events"]]
        for name, arm in arms.items()
    }
    kinds = sorted({event["kind"] for events in told.values() for event in events})
    rows = []
    for kind in kinds:
        cells = [html.escape(kind)]
        for events in told.values():
            ours = [event for event in events if event["kind"] == kind]
            waits = [event["frames"] for event in ours if event["frames"] is not None]
            wait = f" ({np.mean(waits):.1f})" if waits else ""
            cells.append(f"{len(waits)}/{len(ours)}{wait}")
        rows.append(_row(cells))
    if not rows:
        return ""
    note = "<p class='note'>recovered / events (mean frames until then)</p>"
    return f"<h3>Events</h3>{_grid(['', *map(html.escape, told)], rows)}{note}"


def _videos(arms: dict[str, Any], base: str, measure: str) -> str:
    """Returns a table of differences to the base, colored by their size."""
    names = [name for name in arms if name != base]
    rows = []
    for video, measures in arms[base]["videos"].items():
        start = measures[measure]
        cells = [html.escape(video), _number(start)]
        cells += [_change(arms[n]["videos"].get(video), measure, start) for n in names]
        rows.append(_row(cells))
    return _grid(["", html.escape(base), *map(html.escape, names)], rows)


def _change(measures: dict[str, Any] | None, measure: str, start: float | None) -> str:
    value = None if measures is None else measures[measure]
    if value is None or start is None:
        return "-"
    change = value - start
    hue = "26, 143, 74" if change > 0 else "208, 67, 47"
    strength = min(abs(change) / 0.3, 1.0) * 0.6
    return f"<span style='background: rgba({hue}, {strength:.2f})'>{change:+.3f}</span>"


def _tenths(videos: Iterable[dict[str, Any]]) -> list[float | None]:
    """Returns the mean over videos of each part's J."""
    columns = zip(*(video["J_by_tenth"] for video in videos), strict=True)
    seen = [[x for x in column if x is not None] for column in columns]
    return [float(np.mean(x)) if x else None for x in seen]


def _grid(heads: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(f"<th>{text}</th>" for text in heads)
    return (
        f"<div class='wide'><table><thead><tr>{head}</tr></thead>"
        f"{''.join(rows)}</table></div>"
    )


def _row(cells: Sequence[str], kind: str = "") -> str:
    start = f"<tr class='{kind}'>" if kind else "<tr>"
    return start + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _number(value: float | int | None, digits: int = 3, factor: float = 1.0) -> str:
    return "-" if value is None else f"{value * factor:.{digits}f}"
