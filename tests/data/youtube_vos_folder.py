"""A small folder in the layout of YouTube-VOS, whose frames show what is in them."""

import json

import cv2
import numpy as np

from samn_jax.data.formats import images

SIZE = (40, 60)
NUM_FRAMES = 5
# Object 2 of the cow's video comes at frame 2.
CATEGORIES = {"cow": {1: "cow", 2: "lizard"}, "dog": {1: "dog"}}


def ids_of(video, index):
    """Squares that move to the right."""
    ids = np.zeros(SIZE, np.uint8)
    ids[5:15, 5 + 2 * index : 15 + 2 * index] = 1
    if video == "cow" and index >= 2:
        ids[22:34, 30 + 2 * index : 42 + 2 * index] = 2
    return ids


def write(split_dir, *, all_masks):
    """Writes videos, `meta.json`, and all masks or those in which an object appears."""
    for video in CATEGORIES:
        frame_dir = split_dir / "JPEGImages" / video
        frame_dir.mkdir(parents=True)
        for index in range(NUM_FRAMES):
            name, ids = f"{5 * index:05d}", ids_of(video, index)
            colors = np.array([(90, 90, 90), (30, 30, 220), (220, 40, 30)], np.uint8)
            cv2.imwrite(str(frame_dir / f"{name}.jpg"), colors[ids])
            if all_masks or index == 0 or (video, index) == ("cow", 2):
                images.write_mask(
                    split_dir / "Annotations" / video / f"{name}.png", ids
                )
    write_meta(split_dir, CATEGORIES)
    return split_dir


def write_meta(split_dir, categories):
    videos = {
        video: {"objects": {str(i): {"category": c} for i, c in objects.items()}}
        for video, objects in categories.items()
    }
    split_dir.mkdir(parents=True, exist_ok=True)
    (split_dir / "meta.json").write_text(json.dumps({"videos": videos}))
