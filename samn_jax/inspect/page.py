"""One self-contained HTML page that shows traces side by side; it asks for nothing."""

import base64
import hashlib
import html
import importlib.resources
import json
import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float

from samn_jax.errors import InputError
from samn_jax.inspect import record
from samn_jax.inspect.record import ObjectTrace, VideoTrace
from samn_jax.memory.entry import Reason

COLORS = (
    *("#4c7dff", "#f08a24", "#2ea36b", "#c04fd0", "#e0483f", "#20a8b5", "#b08a2e"),
    *("#8a6cf0",),
)
_KEPT, _LOST, _QUIET = "kept", "lost", "quiet"
# What a person reads of a reason, and what it looks like.
_REASONS = {
    Reason.KEPT: ("kept for long", _KEPT),
    Reason.NOT_DUE: ("not due, between two frames kept at intervals", _QUIET),
    Reason.NOT_FOUND: ("not kept for long: no target was found", _LOST),
    Reason.UNCERTAIN: ("not kept for long: the filter is unsure of the place", _LOST),
    Reason.POOR: ("not kept for long: its mask is not good enough", _LOST),
    Reason.REDUNDANT: ("not kept for long: it tells nothing new", "known"),
    Reason.MERGED: ("merged into what was there", _KEPT),
    Reason.FROZEN: ("nothing is learned: the memory is frozen", _QUIET),
}
_MEASURES = (
    ("region", "J", "overlap with the true mask", {"top": 1.0}),
    ("confidence", "confidence", "mean probability inside the mask", {"top": 1.0}),
    ("uncertainty", "uncertainty", "of the filter: about 1 is certain", {"least": 2.0}),
    ("read", "slots read", "e to the entropy of the target's reading: by how many slots"
     " (or cells) it is told", {"least": 2.0, "digits": 1}),
)  # fmt: skip
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'"
)


def render(
    traces: Sequence[VideoTrace], frames: range | None = None, start: int | None = None
) -> str:
    """Returns the page of one video, a lane for each trace and object.

    Args:
      traces: of the same video.
      frames: only these; all if None.
      start: the frame to begin with; the first if None.

    Raises:
      InputError: there is none, they are of different videos, or no frame is left.
    """
    _check(traces)
    pictures: list[bytes] = []
    places: dict[bytes, int] = {}
    lanes: list[dict[str, Any]] = []
    for trace in traces:
        for one in trace.objects:
            kept = _rows(one.trace, frames)
            if len(kept):
                lane = _lane(one.trace, kept, trace.small_hw)
                used = _used(one.trace, kept)
                lane |= {"design": trace.design, "name": one.name}
                lane |= {"settings": trace.settings}
                lane["pictures"] = {
                    frame: _place(trace.pictures[frame], pictures, places)
                    for frame in sorted(used)
                    if frame in trace.pictures
                }
                lanes.append(lane | {"color": COLORS[len(lanes) % len(COLORS)]})
    if not lanes:
        raise InputError("no traced frame is left to show: choose other frames")
    content = _content(traces[0], lanes, pictures)
    return _page(content if start is None else content | {"start": start})


def _check(traces: Sequence[VideoTrace]) -> None:
    if not traces:
        raise InputError("there is no trace to show: give one")
    first = traces[0]
    for other in traces[1:]:
        if (other.video, other.size_hw) != (first.video, first.size_hw):
            raise InputError(
                f"traces are of two videos, {first.video} and {other.video}: give "
                "traces of one"
            )


def _content(
    first: VideoTrace, lanes: list[dict[str, Any]], pictures: list[bytes]
) -> dict[str, Any]:
    seen = [frame for lane in lanes for frame in lane["frame"]]
    kinds = {int(reason): told for reason, told in _REASONS.items()}
    last = max(max(kinds), *(x for lane in lanes for x in lane["reason"]))
    told = [kinds.get(i, (f"reason {i}", "known")) for i in range(last + 1)]
    return {
        "title": first.video,
        "size": first.size_hw,
        "small": first.small_hw,
        "first": min(seen),
        "last": max(seen),
        "start": min(seen),
        "reasons": [{"words": words, "kind": kind} for words, kind in told],
        "measures": [
            {"key": key, "name": name, "help": words, **more}
            for key, name, words, more in _MEASURES
        ],
        "lanes": lanes,
        "pictures": [base64.b64encode(x).decode() for x in pictures],
    }


def _page(content: dict[str, Any]) -> str:
    folder = importlib.resources.files("samn_jax.inspect")
    style = (folder / "page.css").read_text("utf-8")
    script = "".join(
        (folder / f"{x}.js").read_text("utf-8") for x in ("charts", "page")
    )
    data = json.dumps(content, allow_nan=False, separators=(",", ":"))
    # In a script nothing but "<" could end it, or begin a comment.
    data = data.replace("<", "\\u003c")
    title = html.escape(content["title"])
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        "<meta name='viewport' content='width=device-width'>"
        f"<title>{title}</title><style>{style}</style></head><body>"
        f"<script>const DATA = {data};</script><script>{script}</script>"
        "</body></html>\n"
    )


def _rows(trace: ObjectTrace, frames: range | None) -> list[int]:
    return [i for i, at in enumerate(trace.frame) if frames is None or at in frames]


def _used(trace: ObjectTrace, rows: list[int]) -> set[int]:
    """Returns the frames of which a picture is wanted."""
    held = {int(trace.held_frame[i]) for row in rows for i in _held(trace, row)}
    return held | {int(trace.frame[row]) for row in rows}


def _held(trace: ObjectTrace, row: int) -> range:
    start = int(trace.held_end[row - 1]) if row else 0
    return range(start, int(trace.held_end[row]))


def _place(picture: bytes, pictures: list[bytes], places: dict[bytes, int]) -> int:
    """Returns the number of a picture; equal ones are stored once."""
    digest = hashlib.sha256(picture).digest()
    if digest not in places:
        places[digest] = len(pictures)
        pictures.append(picture)
    return places[digest]


def _lane(
    trace: ObjectTrace, rows: list[int], small_hw: tuple[int, int]
) -> dict[str, Any]:
    """Returns what the page shows of an object, as JSON values."""
    lane: dict[str, Any] = {
        name: getattr(trace, name)[rows].astype(int).tolist()
        for name in ("frame", "given", "found", "distractor")
    }
    for name in ("reason", "slot", "forgotten"):
        lane[name] = getattr(trace, name)[rows].tolist()
    for name in ("region", "confidence", "uncertainty", "area"):
        lane[name] = [_number(x) for x in getattr(trace, name)[rows].tolist()]
    with np.errstate(over="ignore"):  # Infinity is no number, and is not shown.
        read = np.exp(trace.target_entropy[rows])
    lane["read"] = [_number(x) for x in read.tolist()]
    for name in ("mask", "truth"):
        masks = record.unpack_mask(getattr(trace, name)[rows], small_hw)
        lane[name] = [_outline(mask) for mask in masks]
    for name in ("crop", "response_crop"):
        lane[name] = [
            [round(x, 1) for x in y] for y in getattr(trace, name)[rows].tolist()
        ]
    lane["side"] = trace.response.shape[1]
    lane["response"] = [_gray(x) for x in trace.response[rows]]
    lane["held"] = [[_holding(trace, i) for i in _held(trace, row)] for row in rows]
    return lane


def _holding(trace: ObjectTrace, i: int) -> list[int]:
    return [
        int(trace.held_slot[i]),
        int(trace.held_rows[i]),
        int(trace.held_frame[i]),
        int(trace.held_given[i]),
        round(1e4 * float(trace.held_target[i])),
        round(1e4 * float(trace.held_mass[i])),
    ]


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def _outline(mask: Bool[np.ndarray, "h w"]) -> str:
    """Returns the outlines of a mask as an SVG path through its pixels' centers."""
    outlines, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_TC89_L1
    )
    parts = []
    for outline in outlines:
        points = outline[:, 0].astype(int)
        steps = np.diff(points, axis=0).ravel().tolist()
        x, y = points[0].tolist()
        parts.append(f"M{x}.5 {y}.5l{' '.join(map(str, steps)) or '0 0'}z")
    return "".join(parts).replace(" -", "-")


def _gray(response: Float[np.ndarray, "R R"]) -> str:
    """Returns scores from 0 to 1 as bytes, in base 64; empty without any."""
    levels = np.nan_to_num(response.astype(np.float32)).clip(0, 1) * 255
    return base64.b64encode(np.rint(levels).astype(np.uint8).tobytes()).decode()
