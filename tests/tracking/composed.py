"""Real frames with a second object pasted into them."""

import cv2
import numpy as np

from samn_jax.data.readers import davis

SIZE = (240, 426)
FRAMES = range(0, 32, 2)


def shrink(image):
    method = cv2.INTER_AREA if image.ndim == 3 else cv2.INTER_NEAREST
    return cv2.resize(image, SIZE[::-1], interpolation=method)


def compose(davis16_dir):
    """Frames of a camel with a dog walking in before it, and their ids 1 and 2."""
    camel, dog = davis.read_davis16(davis16_dir).select(("camel", "dog")).sequences
    frames, truths = [], []
    for index in FRAMES:
        frame, ids = shrink(camel.frame(index)), shrink(camel.mask(index))
        scale = 0.45
        small = cv2.resize(dog.frame(index), None, fx=scale, fy=scale)
        inside = cv2.resize(dog.mask(index), small.shape[1::-1], interpolation=0) > 0
        top, left = SIZE[0] - small.shape[0], index
        y, x = np.nonzero(inside)
        y, x = y + top, x + left
        visible = (x < SIZE[1]) & (y < SIZE[0])
        frame[y[visible], x[visible]] = small[inside][visible]
        ids[y[visible], x[visible]] = 2
        frames.append(frame)
        truths.append(ids)
    return frames, truths
