"""Speed and memory of the tracker on this machine, on rendered frames of 480 × 854.

python benchmarks/tracking.py                     # both networks
python benchmarks/tracking.py --networks lite --frames 60 --grow
python benchmarks/parts.py                        # the parts of a frame
python benchmarks/tracking.py --objects           # several objects beside one

Each line is measured in a process of its own, without the compilation cache. Weights
are drawn at random: the work is the same. Frame times leave out decoding and
compilation. `--grow` adds how time and memory grow with the capacity of the memory and
the length of the video.

`--objects` measures the shipped `lite` in one process: one object alone, in one slot
and in four, and four objects, all stepped in turn with each frame, so that what else
the machine does hits all alike. What several objects cost depends on their masks: here
four discs whose crops overlap are tracked. The ratios of medians are the result.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import jax
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samn_jax import tracking
from samn_jax.models import lite, model_file, samn, winograd
from samn_jax.tracking.config import default_config

CONFIGS = {"lite": lite.LiteConfig, "resnet50": samn.SAMNConfig}
SIZE = (480, 854)
COLORS = ((150, 20, 20), (20, 150, 20), (20, 20, 150), (150, 150, 20))
# Objects tracked, slots that they are given; with 0 slots an object is tracked alone.
CASES = ((1, 0), (1, 1), (1, 4), (4, 4))
HEADER = (
    "network   capacity  frames  compile s  first frame s  ms/frame (median)  "
    "frames/s  peak MiB  growth MiB"
)


def noise() -> np.ndarray:
    """Returns a frame of smooth noise."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (SIZE[0] // 8, SIZE[1] // 8, 3), dtype=np.uint8)
    return cv2.resize(small, SIZE[::-1], interpolation=cv2.INTER_CUBIC)


def render(index: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns a frame with a disc that moves over noise, and the disc's mask."""
    frame = noise()
    mask = np.zeros(SIZE, np.uint8)
    x = 427 + int(200 * np.sin(index / 40))
    cv2.circle(mask, (x, 240), 70, 1, -1)
    frame[mask > 0] = frame[mask > 0] // 3 + np.array([150, 20, 20], np.uint8)
    return frame, mask


def render_four(index: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns a frame with four discs that sway over noise, and their ids 1-4."""
    frame = noise()
    ids = np.zeros(SIZE, np.uint8)
    for k, color in enumerate(COLORS):
        center = 150 + 180 * k + int(40 * np.sin(index / 10 + k)), 150 + 60 * (k % 2)
        cv2.circle(ids, center, 50, k + 1, -1)
        frame[ids == k + 1] = frame[ids == k + 1] // 3 + np.array(color, np.uint8)
    return frame, ids


def peak_mib() -> float:
    """Returns the largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(network: str, capacity: int | None, frames: int) -> dict[str, float]:
    """Returns the figures of one network in this process."""
    config = CONFIGS[network]()
    module = model_file.build_network(config)
    variables = jax.jit(lambda k: model_file.init_variables(config, k))(
        jax.random.key(0)
    )
    variables = winograd.for_this_machine(module, variables)
    overrides = {} if capacity is None else {"memory.capacity": capacity}
    tracker_config = default_config(config, **overrides)
    spec = tracking.TrackerSpec.of(module, tracker_config)
    tracker = tracking.Tracker(spec, variables)
    first, mask = render(0)

    def timed(call: object, *args: object, **kwargs: object) -> tuple:
        start = time.perf_counter()
        result = jax.block_until_ready(call(*args, **kwargs))
        return result, time.perf_counter() - start

    (state, _), cold_init = timed(tracker.init, first, mask=mask)
    _, cold_step = timed(tracker.step, state, render(1)[0])
    (state, _), warm_init = timed(tracker.init, first, mask=mask)
    seconds, settled = [], 0.0
    for index in range(1, frames + 1):
        (state, _), spent = timed(tracker.step_in_place, state, render(index)[0])
        seconds.append(spent)
        if index == min(200, frames // 2):
            settled = peak_mib()
    frame_s = float(np.median(seconds[2:]))
    return {
        "capacity": tracker_config.memory.capacity,
        "frames": frames,
        "compile_s": cold_init + cold_step - warm_init - frame_s,
        "first_frame_s": warm_init,
        "ms": 1000 * frame_s,
        "fps": 1 / frame_s,
        "peak_mib": peak_mib(),
        "growth_mib": peak_mib() - settled,
    }


def report(network: str, capacity: int | None, frames: int) -> None:
    """Measures in a new process and prints the line."""
    task = json.dumps([network, capacity, frames])
    command = [sys.executable, __file__, "--measure", task]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    r = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{network:9s} {r['capacity']:8d} {r['frames']:7d} {r['compile_s']:10.1f} "
        f"{r['first_frame_s']:14.2f} {r['ms']:18.1f} {r['fps']:9.1f} "
        f"{r['peak_mib']:9.0f} {r['growth_mib']:11.1f}",
        flush=True,
    )


def start_objects(
    single: tracking.Tracker, objects: int, slots: int
) -> tuple[tracking.Tracker, Any]:
    """Returns a tracker with so many slots, and its state with so many objects."""
    frame, ids = render_four(0)
    if not slots:
        return single, single.init(frame, mask=ids == 1)[0]
    tracker = tracking.Tracker(single.spec, single.variables, object_slots=slots)
    state = None
    for k in range(objects):
        state = tracker.add_object(state, frame, ids == k + 1)
    return tracker, state


def compare_objects(frames: int) -> None:
    """Prints what each of `CASES` takes, and its share of the single tracker's time."""
    single = tracking.Tracker.from_checkpoint("lite")
    started = [start_objects(single, *case) for case in CASES]
    states = [state for _, state in started]
    seconds = np.zeros((frames + 1, len(CASES)))
    for index in range(frames + 1):
        frame, _ = render_four(index + 1)
        for case, (tracker, _) in enumerate(started):
            start = time.perf_counter()
            states[case], answer = tracker.step_in_place(states[case], frame)
            jax.block_until_ready(answer)
            seconds[index, case] = time.perf_counter() - start
    medians = np.median(seconds[1:], axis=0)  # The first frame compiles.
    print("objects  slots  ms/frame (median)  × one alone")
    for (objects, slots), median in zip(CASES, medians, strict=True):
        ratio = median / medians[0]
        print(f"{objects:7d} {slots or '-':>6} {1000 * median:18.1f} {ratio:12.2f}")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=list(CONFIGS))
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--grow", action="store_true", help="capacity and length too")
    parser.add_argument(
        "--objects", action="store_true", help="several objects beside one alone"
    )
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.objects:
        compare_objects(args.frames)
        return
    if args.measure:
        print(json.dumps(measure(*json.loads(args.measure))))
        return
    print(f"{jax.devices()[0].device_kind}, {jax.device_count()} device(s)\n{HEADER}")
    for network in args.networks:
        report(network, None, args.frames)
        if not args.grow:
            continue
        for capacity in (4, 16, 32):
            report(network, capacity, args.frames)
        for frames in (2 * args.frames, 4 * args.frames):
            report(network, None, frames)


if __name__ == "__main__":
    main()
