"""What the memory of an object holds after a frame, and how it came to it.

A picture for each frame in it, or the page of `samn-inspect` of the frames before.
"""

import html
from typing import Any, NamedTuple

import jax
import numpy as np

from samn_jax import visualize
from samn_jax.errors import InputError
from samn_jax.inspect import page as inspect_page
from samn_jax.inspect.log import Log
from samn_jax.inspect.tracing import tracing
from samn_jax.page.session import Session
from samn_jax.track import run
from samn_jax.visualize import RGB

_WIDTH = 320  # pixels of a picture
_STRETCH = 40  # frames that are looked into, if so many were tracked


class Remembered(NamedTuple):
    """A frame of which the memory holds something."""

    frame_idx: int
    given: bool  # a person marked the object in it
    rows: int  # slots, or cells of designs that keep those


def find(session: Session, object_id: int, frame_idx: int) -> list[Remembered]:
    """Returns the frames that an object's memory holds after a frame, in order.

    The state is not kept for every frame: it is tracked again from the nearest one.

    Raises:
      InputError: the object is not tracked there.
    """
    way, tracking = _tracking_after(session, frame_idx)
    state = None if tracking is None else tracking.state
    if state is None or object_id not in np.asarray(state.object_ids):
        raise InputError("the object is not tracked in this frame: mark it before")
    slot = np.asarray(state.object_ids).tolist().index(object_id)
    one: Any = jax.tree.map(lambda x: x[slot], state.objects)
    slots = session.tracker.spec.memory.slots(one.memory)
    valid = np.asarray(slots.valid & (slots.frame_idx >= 0))
    ages = np.asarray(slots.age(one.frame_idx))[valid]
    frames = frame_idx - way * ages
    given = np.asarray(slots.given)[valid]
    return [
        Remembered(int(at), bool(given[frames == at].any()), int((frames == at).sum()))
        for at in np.unique(frames)
    ]


def draw(
    session: Session, object_id: int, found: list[Remembered]
) -> list[tuple[RGB, str]]:
    """Returns a small picture with the object's mask, and a line, for each frame."""
    drawn = []
    for one in found:
        frame = session.source.frame(one.frame_idx)
        picture, result = frame.image, session.result(one.frame_idx, frame)
        if result is not None:
            ids = np.where(result.ids == object_id, result.ids, np.uint8(0))
            picture = visualize.draw_objects(picture, ids, {})
        line = f"{one.frame_idx}"
        line += ", marked" if one.given else ""
        line += f", {one.rows} cells" if one.rows > 1 else ""
        drawn.append((visualize.shrink(picture, _WIDTH), line))
    return drawn


def look_inside(session: Session, object_id: int, frame_idx: int) -> str:
    """Returns a frame (HTML) with the page of what the memory did up to a frame.

    The stretch is tracked again, from the nearest state that was kept.

    Raises:
      InputError: the object is not tracked there.
    """
    way, prompts = _way(session, frame_idx), session.work.prompts
    marks = [way * p.frame_idx for p in prompts if way * p.frame_idx <= way * frame_idx]
    wanted = way * frame_idx - _STRETCH + 1
    begin, tracking = session.resume(way * max(wanted, min(marks, default=wanted)), way)
    name = session.work.names[object_id]
    log = Log(session.source.name, names=dict(session.work.names), step=way)
    tracker = tracing(session.tracker_of_all, log)
    for frame in session.source.read(begin, frame_idx + way, way):
        tracking, _ = run.step(tracker, tracking, frame, prompts, alone=False)
    for index in log.missing():
        log.add_picture(index, session.source.frame(index).image)
    content = log.content()
    objects = tuple(one for one in content.objects if one.name == name)
    if not objects:
        raise InputError("the object is not tracked in this frame: mark it before")
    text = inspect_page.render([content._replace(objects=objects)], start=frame_idx)
    return (
        "<iframe title='memory' sandbox='allow-scripts' style='width: 100%; height: "
        f"90vh; border: 0' srcdoc='{html.escape(text)}'></iframe>"
    )


def _tracking_after(
    session: Session, frame_idx: int
) -> tuple[int, run.Tracking | None]:
    """Returns the direction of the pass through a frame, and what is tracked after it.

    Raises:
      InputError: no object is marked on the way.
    """
    prompts, way = session.work.prompts, _way(session, frame_idx)
    begin, tracking = session.resume(frame_idx, way, after=True)
    tracker = session.tracker_of_all
    for frame in session.source.read(begin, frame_idx + way, way):
        tracking, _ = run.step(tracker, tracking, frame, prompts, alone=False)
    return way, tracking


def _way(session: Session, frame_idx: int) -> int:
    """Returns the direction of the pass through a frame."""
    forward = any(p.frame_idx <= frame_idx for p in session.work.prompts)
    return 1 if forward else -1
