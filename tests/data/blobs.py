"""Folders of frames and masks for the tests of training data."""

from pathlib import Path

import cv2
import numpy as np

SIZE = (40, 56)


def picture(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns a noisy frame with two squares, and their ids."""
    rng = np.random.default_rng(seed)
    frame = rng.integers(0, 120, (*SIZE, 3)).astype(np.uint8)
    ids = np.zeros(SIZE, np.uint8)
    for i, left in enumerate((4 + seed % 8, 34)):
        part = slice(8, 28), slice(left, left + 16)
        frame[part], ids[part] = (230, 90 * i, 40), i + 1
    return frame, ids


def write(image_path: Path, mask_path: Path, seed: int = 0) -> None:
    frame, ids = picture(seed)
    for path, array in ((image_path, frame[..., ::-1]), (mask_path, ids)):
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), array)


def write_clip(root: Path, name: str, length: int = 4, *, suffix: str = "") -> None:
    """Writes a clip in the YouTube-VOS layout; `suffix` is DAVIS's `480p`."""
    for i in range(length):
        image = root / "JPEGImages" / suffix / name / f"{i:05d}.jpg"
        write(image, root / "Annotations" / suffix / name / f"{i:05d}.png", seed=i)


def write_photos(root: Path, count: int = 3) -> None:
    for i in range(count):
        write(root / f"images/p{i}.jpg", root / f"masks/p{i}.png", seed=i)
