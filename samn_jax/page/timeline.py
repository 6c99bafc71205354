"""The video as a strip: what was tracked, how surely, and where to look."""

from collections.abc import Sequence

import cv2
import numpy as np

from samn_jax import visualize
from samn_jax.page.session import Session
from samn_jax.visualize import RGB

WIDTH = 1200  # pixels
_ROW, _MARGIN, _FOOT = 44, 8, 20
_GROUND, _TRACK = (30, 31, 36), (46, 48, 55)
_STALE, _CHECK, _NOW = (104, 106, 116), (255, 84, 84), (255, 255, 255)


def draw(session: Session, frame_idx: int) -> RGB:
    """Returns a row for each object; its height is the confidence in each frame.

    Marks are dots, frames worth a look red ticks at the foot, stale frames gray.

    Args:
      session: of which work is shown.
      frame_idx: the frame that is looked at, a white line.
    """
    names = session.work.names
    height = _MARGIN + _ROW * max(1, len(names)) + _FOOT
    picture = np.full((height, WIDTH, 3), _GROUND, np.uint8)
    for row, (number, name) in enumerate(names.items()):
        top = _MARGIN + row * _ROW
        _draw_row(picture, session, number, top)
        at = (10, top + 14)
        cv2.putText(picture, name, at, 0, 0.42, (0, 0, 0), 3, cv2.LINE_AA)
        cv2.putText(picture, name, at, 0, 0.42, _NOW, 1, cv2.LINE_AA)
    for index in session.worth_checking():
        x = _x_of(session, index)
        cv2.line(picture, (x, height - 14), (x, height - 6), _CHECK, 2)
    now = _x_of(session, frame_idx)
    cv2.line(picture, (now, 0), (now, height - 1), _NOW, 1)
    return picture


def frame_at(session: Session, x: int) -> int:
    """Returns the frame whose place in the strip holds the column `x`."""
    frame = int(x * session.num_frames / WIDTH)
    return min(max(frame, 0), session.num_frames - 1)


def next_to_check(frames: Sequence[int], frame_idx: int, way: int) -> int | None:
    """Returns the next frame worth a look in a direction, None if there is none."""
    ahead = [index for index in frames if way * index > way * frame_idx]
    return way * min(way * index for index in ahead) if ahead else None


def _draw_row(picture: RGB, session: Session, number: int, top: int) -> None:
    bottom = top + _ROW - 8
    cv2.rectangle(picture, (0, top), (WIDTH - 1, bottom), _TRACK, -1)
    color = tuple(round(0.75 * c) for c in visualize.object_color(number))
    for index, confidence, _ in session.curve(number):
        left, right = _x_of(session, index), _x_of(session, index + 1) - 1
        level = bottom - round((bottom - top) * confidence)
        shown = _STALE if index in session.work.stale else color
        shown = shown if confidence > 0 else _CHECK
        level = min(level, bottom - 1)
        cv2.rectangle(picture, (left, level), (max(left, right), bottom), shown, -1)
    for prompt in session.work.prompts:
        if prompt.object_id == number:
            middle = (_x_of(session, prompt.frame_idx) + 2, top + 5)
            cv2.circle(picture, middle, 5, (0, 0, 0), -1, cv2.LINE_AA)
            cv2.circle(picture, middle, 4, _NOW, -1, cv2.LINE_AA)


def _x_of(session: Session, index: int) -> int:
    return min(WIDTH - 1, index * WIDTH // session.num_frames)
