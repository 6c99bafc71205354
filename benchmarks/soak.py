"""A long video through the shipped `lite`: memory, speed, compilations, live arrays.

python benchmarks/soak.py                         # 10,000 frames, a line every 1,000
python benchmarks/soak.py --frames 1000 --every 100

Frames of 240 x 432 are rendered as they are needed: a textured disc that circles over
noise, passes behind a bar and leaves the frame now and then. Exit code 1 if memory has
grown by 20 MB after frame 200, anything was compiled after the first steps, live arrays
grew, or the last lines' median time is more than 5 % above the first's.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import jax
import jax.monitoring
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samn_jax.tracking import Tracker

SIZE = (240, 432)
SETTLED = 200  # frames after which memory must not grow
MOST_GROWTH_MB, MOST_SLOWER = 20.0, 1.05
_COMPILED = "/jax/core/compile/backend_compile_duration"


def render(index: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns frame `index` (H, W, 3) uint8 and the disc's mask (H, W)."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (SIZE[0] // 8, SIZE[1] // 8, 3), dtype=np.uint8)
    frame = cv2.resize(small, SIZE[::-1], interpolation=cv2.INTER_CUBIC)
    mask = np.zeros(SIZE, np.uint8)
    reach = 260 if (index // 500) % 4 == 3 else 150  # the wide laps leave the frame
    x = 216 + int(reach * np.sin(index / 50))
    y = 120 + int(40 * np.cos(index / 50))
    cv2.circle(mask, (x, y), 28, 1, -1)
    frame[mask > 0] = frame[mask > 0] // 3 + np.array([150, 20, 20], np.uint8)
    if (index // 300) % 3 == 1:
        frame[:, 200:230], mask[:, 200:230] = 90, 0
    return frame, mask > 0


def resident_mb() -> float:
    """Returns the resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


class Compilations:
    """Counts what XLA compiles from now on."""

    def __init__(self) -> None:
        self.count = 0
        jax.monitoring.register_event_duration_secs_listener(self._listen)

    def _listen(self, event: str, duration: float, **facts: object) -> None:
        self.count += event == _COMPILED


def steps(tracker: Tracker, frames: int) -> Iterator[float]:
    """Gives the seconds of each step."""
    first, mask = render(0)
    state, _ = tracker.init(first, mask=mask)
    for index in range(1, frames + 1):
        frame, _ = render(index)
        began = time.perf_counter()
        state, answer = tracker.step_in_place(state, frame)
        np.asarray(answer.mask)
        yield time.perf_counter() - began


def run(frames: int, every: int) -> list[str]:
    """Prints a line every `every` frames; returns what was not as it should be."""
    compilations, tracker = Compilations(), Tracker.from_checkpoint("lite")
    settled, seconds, medians, arrays = 0.0, [], [], []
    print("  frame  resident MB  growth MB  ms/frame  compiled  live arrays")
    for index, spent in enumerate(steps(tracker, frames), 1):
        seconds.append(spent)
        if index == min(SETTLED, every):
            settled, compiled = resident_mb(), compilations.count
        if index % every == 0:
            medians.append(1000 * statistics.median(seconds[-every:]))
            arrays.append(len(jax.live_arrays()))
            print(
                f"{index:7d} {resident_mb():12.1f} {resident_mb() - settled:10.1f} "
                f"{medians[-1]:9.1f} {compilations.count - compiled:9d} "
                f"{arrays[-1]:12d}",
                flush=True,
            )
    faults = []
    if resident_mb() - settled > MOST_GROWTH_MB:
        faults.append(f"memory grew by {resident_mb() - settled:.1f} MB")
    if compilations.count > compiled:
        faults.append(f"{compilations.count - compiled} programs were compiled")
    if arrays[-1] > arrays[0]:
        faults.append(f"live arrays grew from {arrays[0]} to {arrays[-1]}")
    if medians[-1] > MOST_SLOWER * medians[0]:
        faults.append(f"a frame takes {medians[-1] / medians[0]:.2f} of the first time")
    return faults


def main() -> int:
    """Returns 0, or 1 if something grew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=1_000)
    flags = parser.parse_args()
    faults = run(flags.frames, flags.every)
    print("; ".join(faults) or "nothing grew")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
