"""A clip of a red square, traced with designs by a network without weights."""

import functools

import numpy as np

from samn_jax.inspect.log import Log
from samn_jax.inspect.tracing import tracing
from samn_jax.tracking import Tracker
from tests.tracking import color_net

COUNT = 14
FRAMES, MASKS = color_net.make_clip([(10 + 3 * i, 10 + 2 * i) for i in range(COUNT)])
FRAMES[8:10], MASKS[8:10] = color_net.GRAY[0], False  # It is away.


def truth(frame_idx, object_id):
    assert object_id == 1
    return MASKS[frame_idx]


@functools.cache
def tracker(**fields):
    return Tracker(color_net.make_spec(**fields), {})


def track(log, *, frames=FRAMES, correct=None, **fields):
    """Tracks the clip; in a frame `correct` a person marks the object again."""
    traced = tracing(tracker(**fields), log)
    state = None
    for index, frame in enumerate(frames):
        log.see(index, frame)
        if state is None:
            state, _ = traced.init(frame, mask=MASKS[index])
            continue
        state, _ = traced.step_in_place(state, frame)
        if index == correct:
            state, _ = traced.correct(state, frame, MASKS[index])
    return log


@functools.cache
def content(video="clip", design="ring", correct=None):
    log = Log(video, truth=truth)
    fields = {"memory.design": design, "memory.memorize_every": 3}
    return track(log, correct=correct, **fields).content()


def decoded(jpeg):
    import cv2

    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
