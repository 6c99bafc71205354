"""A page that shows a run: scores, bars of J and F, and a contact sheet a video."""

import base64
import html
from pathlib import Path
from typing import Any

import numpy as np

from samn_jax import files, places, visualize
from samn_jax.data import types
from samn_jax.evaluation.protocols import protocol as protocol_lib

_NUM_TILES = 8
_TILE_WIDTH = 320

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1320px; margin: 2em auto;
       padding: 0 1em; color: #222; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .15em .8em; text-align: right; }
th:first-child, td:first-child { text-align: left; }
thead th, tr.mean td { border-bottom: 1px solid #999; }
tr.mean td { font-weight: 600; }
.bars { width: 220px; }
.bar { height: 7px; margin: 2px 0; }
.J { background: #2f6fb7; } .F { background: #d98a2b; }
img { width: 100%; } pre { white-space: pre-wrap; background: #f4f4f4; padding: 1em; }
"""


def sequence_sheet(
    sequence: types.Sequence, protocol: protocol_lib.Protocol, results_dir: Path
) -> visualize.RGB:
    """Returns frames spread over the video, results tinted, the truth's outline white.

    Raises:
      InputError: a frame or result can't be read.
    """
    last = sequence.num_frames - 1
    indices = np.unique(np.linspace(0, last, _NUM_TILES).round().astype(int))
    pictures, labels = [], []
    for index in indices.tolist():
        picture = visualize.shrink(sequence.frame(index), _TILE_WIDTH)
        shown = protocol.show(sequence, index, results_dir)
        ids, truth = (
            ids if ids is None else visualize.shrink(ids, _TILE_WIDTH) for ids in shown
        )
        if ids is not None:
            picture = visualize.overlay_mask(picture, ids, truth)
        pictures.append(picture)
        labels.append(f"{sequence.name} {sequence.frame_names[index]}")
    return visualize.contact_sheet(pictures, labels)


def write_report(
    output_dir: Path,
    dataset: types.Dataset,
    protocol: protocol_lib.Protocol,
    results_dir: Path,
    results: dict[str, Any],
) -> Path:
    """Returns the page's path, after `overlays/<video>.png` and the page are written.

    Args:
      output_dir: where to.
      dataset: the videos to show.
      protocol: of the benchmark.
      results_dir: folder of the results.
      results: content of results.json.

    Raises:
      InputError: a frame or result can't be read, or a file written.
    """
    sheets = {}
    for sequence in dataset.sequences:
        sheet = sequence_sheet(sequence, protocol, results_dir)
        path = output_dir / "overlays" / f"{sequence.name}.png"
        files.write_bytes(places.inside(output_dir, path), visualize.encode(sheet))
        sheets[sequence.name] = visualize.encode(sheet, ".jpg")
    page = output_dir / "report.html"
    files.write_text(page, render_page(results, sheets))
    return page


def render_page(results: dict[str, Any], sheets: dict[str, bytes]) -> str:
    """Returns the whole page, pictures included.

    Args:
      results: content of results.json.
      sheets: name of a sequence → its contact sheet as a JPEG file.
    """
    title = html.escape(f"Results on {results['dataset']}")
    pictures = "".join(
        f"<h3>{html.escape(name)}</h3><img alt='frames of {html.escape(name)}' "
        f"src='data:image/jpeg;base64,{base64.b64encode(sheet).decode()}'>"
        for name, sheet in sheets.items()
    )
    bars = "Bars: J in blue, F in orange. " if "J_mean" in results["metrics"] else ""
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{title}</title>"
        f"<style>{_STYLE}</style><h1>{title}</h1>{_speed(results)}{_table(results)}"
        f"<p>{bars}Pictures: the result tinted, the true outline in white.</p>"
        f"{pictures}<h2>How it was made</h2>"
        f"<pre>{_manifest(results['manifest'])}</pre></html>\n"
    )


def _speed(results: dict[str, Any]) -> str:
    if results["frames_per_second"] is None:
        return ""
    return (
        f"<p>{results['frames_per_second']:.1f} frames per second, first frame "
        f"{results['first_frame_seconds']:.2f} s ({html.escape(results['timed'])}).</p>"
    )


def _table(results: dict[str, Any]) -> str:
    measures = list(results["metrics"])
    head = "".join(f"<th>{html.escape(name)}</th>" for name in measures)
    rows = _row("all", results["metrics"], measures, "mean")
    for name, scores in results["sequences"].items():
        rows += _row(name, scores, measures, "sequence")
    return f"<table><thead><tr><th></th>{head}<th></th></tr></thead>{rows}</table>"


def _row(name: str, scores: dict[str, float], measures: list[str], kind: str) -> str:
    cells = "".join(
        f"<td>{scores[key]:.3f}</td>" if key in scores else "<td></td>"
        for key in measures
    )
    widths = {letter: scores.get(f"{letter}_mean", 0.0) for letter in "JF"}
    bars = "".join(
        f"<div class='bar {letter}' style='width:{width:.1%}'></div>"
        for letter, width in widths.items()
    )
    name = html.escape(name)
    return f"<tr class='{kind}'><td>{name}</td>{cells}<td class='bars'>{bars}</td></tr>"


def _manifest(manifest: dict[str, Any]) -> str:
    return html.escape("\n".join(f"{key}: {value}" for key, value in manifest.items()))
