"""The real toolkits as clients: vot-toolkit and got10k run a tracker of the package.

python benchmarks/toolkits.py            # the shipped model; minutes of compiling
python benchmarks/toolkits.py --quick    # a tracker that repeats the first mask

In a folder of its own it makes a virtual environment, installs the package there with
both extras from PyPI, and runs, offline from then on: `vot test` with masks and boxes,
a workspace in the layout of DAVIS-2017 (two videos, one of them with two objects)
through evaluate and analysis, and the experiment of got10k on videos in the layout of
GOT-10k, whose score must equal ours.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# All that an installation needs; building in the checkout would leave files there.
SOURCES = ("samn_jax", "pyproject.toml", "README.md", "LICENSE", "NOTICE")
NUM_FRAMES = {True: 8, False: 20}  # by --quick
FINISHED = "Test concluded successfuly"  # as the toolkit spells it
STATE = "@@TRAX:state"


def main() -> None:
    """Makes the environment and runs everything in it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="no model, fewer frames")
    parser.add_argument("--checkpoint", default="lite", help="for the full run")
    parser.add_argument("--folder", type=Path, help="where to work, and to keep it")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.inside:
        check_all(flags.folder, flags.checkpoint, flags.quick)
        return
    folder = flags.folder or Path(tempfile.mkdtemp(prefix="samn_toolkits_"))
    checkpoint = Path(flags.checkpoint)
    if checkpoint.is_file():
        flags.checkpoint = str(checkpoint.resolve())
    try:
        python = install(folder.resolve())
        command = [str(python), __file__, "--inside", "--folder", str(folder.resolve())]
        command += ["--checkpoint", flags.checkpoint, *["--quick"] * flags.quick]
        subprocess.run(command, cwd=folder, check=True)
    finally:
        if not flags.folder:
            shutil.rmtree(folder)


def install(folder: Path) -> Path:
    """Returns the interpreter of a new environment with the package and its extras."""
    began = time.perf_counter()
    python = folder / "venv" / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    source = folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for name in SOURCES:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, source / name)
        elif path.is_file():
            shutil.copy(path, source / name)
    install = [python, "-m", "pip", "install", "--quiet", f"{source}[vot,got10k]"]
    subprocess.run(install, check=True)
    print(f"installed in {time.perf_counter() - began:.0f} s", flush=True)
    return python


def check_all(folder: Path, checkpoint: str, quick: bool) -> None:
    """Runs both toolkits; raises at the first thing that is wrong."""
    tracker = "copy_first" if quick else "samn"
    bin_dir = Path(sys.executable).parent
    write_davis(folder / "workspace" / "sequences", NUM_FRAMES[quick])
    write_got10k(folder / "got10k", NUM_FRAMES[quick])
    run_vot(folder / "workspace", bin_dir / "vot", tracker, checkpoint)
    run_got10k(folder, tracker, checkpoint)
    print("all toolkits have run the tracker")


def call(command: list, folder: Path) -> str:
    """Returns what a command prints; what it prints is shown if it fails."""
    began = time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "Agg"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    shown = " ".join(str(part) for part in command[1:])
    if done.returncode:
        print(done.stdout)
        raise SystemExit(f"failed: {shown}")
    print(f"{time.perf_counter() - began:6.1f} s  {shown}", flush=True)
    return done.stdout


def run_vot(workspace: Path, vot: Path, tracker: str, checkpoint: str) -> None:
    """Runs `vot test`, then a workspace through evaluation and analysis."""
    ini = [sys.executable, "-m", "samn_jax.toolkits.vot", "--write_ini", workspace]
    ini += ["--tracker", tracker, "--checkpoint", checkpoint]
    call(ini, workspace)
    for kind in ("mask", "box"):
        printed = call([vot, "test", f"{tracker}-{kind}"], workspace)
        answers = [line for line in printed.splitlines() if line.startswith(STATE)]
        is_mask = all(line.startswith(f'{STATE} "mask:') for line in answers)
        if FINISHED not in printed or not answers or is_mask != (kind == "mask"):
            print(printed)
            raise SystemExit(f"vot test of {tracker}-{kind} has failed")
    data = ["--data_dir", workspace / "sequences"]
    call([*ini, *data], workspace)  # Now for the frames of this workspace.
    name = f"{tracker}-mask"
    call([vot, "initialize", "--nodownload", "davis2017val"], workspace)
    call([vot, "evaluate", name], workspace)
    call([vot, "analysis", "--name", "toolkits", name], workspace)
    analysis = json.loads((workspace / "analysis" / "toolkits.json").read_text())
    scores = analysis["results"]["baseline"]["results"]
    names = ("J&F", "J", "F")
    found = {name: rows[0][0] for name, rows in zip(names, scores, strict=True)}
    if not all(0 < score <= 1 for score in found.values()):
        raise SystemExit(f"the analysis gives {found}")
    # Not the DAVIS measure: the toolkit counts first and last frames.
    print("vot: " + ", ".join(f"{name} {score:.3f}" for name, score in found.items()))


def run_got10k(folder: Path, tracker: str, checkpoint: str) -> None:
    """Runs got10k's experiment, and compares its score with ours."""
    from samn_jax.data.readers import got10k
    from samn_jax.evaluation.scores import ope as ope_scores

    command = [sys.executable, "-m", "samn_jax.toolkits.got10k", "--tracker", tracker]
    command += ["--checkpoint", checkpoint, "--data_dir", folder / "got10k"]
    call([*command, "--output_dir", folder / "got10k_out"], folder)
    report = folder / f"got10k_out/reports/GOT-10k/{tracker}/performance.json"
    theirs = json.loads(report.read_text())[tracker]["overall"]["ao"]
    results = folder / "got10k_out/results/GOT-10k" / tracker
    sequences = got10k.read_got10k(folder / "got10k").sequences
    ours = ope_scores.score_got10k(sequences, results).metrics["AO"]
    if not math.isclose(ours, theirs, abs_tol=1e-6):
        raise SystemExit(f"got10k gives AO {theirs}, we give {ours}")
    print(f"got10k: AO {theirs:.4f}, ours {ours:.4f}")


def write_davis(root: Path, num_frames: int) -> None:
    """Writes rendered videos as DAVIS-2017: one, and two side by side."""
    import cv2
    import numpy as np

    from samn_jax.data.formats import images
    from samn_jax.data.readers import synthetic

    videos = {"one": ("moving",), "two": ("turning", "changing")}
    for video, scenes in videos.items():
        frames, masks = root / "JPEGImages/480p" / video, root / "Annotations/480p"
        frames.mkdir(parents=True, exist_ok=True)
        for index in range(num_frames):
            parts = [synthetic.render_frame(scene, 0, index) for scene in scenes]
            frame = np.concatenate(parts, axis=1)
            cv2.imwrite(str(frames / f"{index:05d}.jpg"), frame[..., ::-1])
            parts = [
                np.uint8(number) * (synthetic.render_mask(scene, 0, index) > 0)
                for number, scene in enumerate(scenes, 1)
            ]
            mask = np.concatenate(parts, axis=1).astype(np.uint8)
            images.write_mask(masks / video / f"{index:05d}.png", mask)
    (root / "ImageSets/2017").mkdir(parents=True, exist_ok=True)
    (root / "ImageSets/2017/val.txt").write_text("\n".join(videos) + "\n")


def write_got10k(root: Path, num_frames: int) -> None:
    """Writes rendered videos in the layout of GOT-10k."""
    import cv2
    import numpy as np

    from samn_jax.data.readers import synthetic

    videos = {"GOT-10k_Val_000001": "moving", "GOT-10k_Val_000002": "approaching"}
    for video, scene in videos.items():
        folder = root / "val" / video
        folder.mkdir(parents=True, exist_ok=True)
        boxes = []
        for index in range(num_frames):
            frame = synthetic.render_frame(scene, 0, index)
            cv2.imwrite(str(folder / f"{index + 1:08d}.jpg"), frame[..., ::-1])
            mask = synthetic.render_mask(scene, 0, index)
            boxes.append(cv2.boundingRect(np.uint8(mask > 0)))
        lines = "".join(",".join(f"{v:.4f}" for v in box) + "\n" for box in boxes)
        (folder / "groundtruth.txt").write_text(lines)
        height, width = frame.shape[:2]
        (folder / "meta_info.ini").write_text(
            f"[METAINFO]\nresolution: ({width}, {height})\n"
        )
        for label, value in (("absence", 0), ("cover", 8), ("cut_by_image", 0)):
            (folder / f"{label}.label").write_text(f"{value}\n" * num_frames)
    (root / "val/list.txt").write_text("\n".join(videos) + "\n")


if __name__ == "__main__":
    main()
