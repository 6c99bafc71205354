"""Every format is read back by a tool that is not ours."""

import csv
import json

import cv2
import numpy as np
import PIL.Image
import pytest
from pycocotools import coco as coco_lib
from pycocotools import mask as coco_mask

import evaluate
from samn_jax.data.formats import images
from samn_jax.track import rle
from tests.media import clips
from tests.track.conftest import COUNT, FRAMES, MASKS

# pycocotools 2.0.11 with NumPy 2.4.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)
TWO = ("--box=red=30,30,20,20", "--box=left=2,2,12,12")


@pytest.fixture
def written(run, clip, tmp_path):
    """All outputs of a run with two objects."""
    status, said, _ = run(
        clip, *TWO, "--output", tmp_path / "out.mp4", "--masks", tmp_path / "masks",
        "--boxes", tmp_path / "boxes.csv", "--rle", tmp_path / "rle.json",
        "--cutouts", tmp_path / "cutouts",
    )  # fmt: skip
    assert status == 0 and said.count("8 of 8 frames") == 5
    return tmp_path


def indices(path):
    """Pixels of an indexed PNG without going through its colors, by Pillow."""
    with PIL.Image.open(path) as image:
        assert image.mode == "P"
        return np.asarray(image)


def test_all_outputs_agree(written):
    masks = [indices(written / "masks" / f"{i:03d}.png") for i in range(COUNT)]
    frames, facts, _ = clips.read_back(written / "out.mp4")
    assert facts["codec"] == "h264" and len(frames) == COUNT
    with (written / "boxes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["name"] for r in rows] == ["red", "left"] * COUNT
    coco = coco_lib.COCO(str(written / "rle.json"))
    names = {c["id"]: c["name"] for c in coco.loadCats(coco.getCatIds())}
    assert names == {1: "red", 2: "left"}
    for index in range(COUNT):
        row = rows[2 * index]
        assert int(row["frame"]) == index
        assert float(row["time_s"]) == pytest.approx(index / 25)
        x, y, w, h = (float(row[name]) for name in ("x", "y", "width", "height"))
        found = cv2.boundingRect((masks[index] == 1).astype(np.uint8))
        np.testing.assert_allclose((x, y, w, h), found, atol=1.5)
        for one in coco.loadAnns(coco.getAnnIds(imgIds=[index + 1])):
            mask = masks[index] == one["category_id"]
            np.testing.assert_array_equal(coco.annToMask(one) > 0, mask)
            assert one["area"] == mask.sum()
        path = written / "cutouts" / "red" / f"{index:05d}.png"
        cutout = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        solid = cutout[..., 3] > 127
        assert (solid != (masks[index] == 1)).mean() < 0.02
        shown = cv2.cvtColor(cutout, cv2.COLOR_BGRA2RGB)
        np.testing.assert_array_equal(shown[solid], FRAMES[index][solid])


def test_masks_are_scored_by_the_benchmark(run, clip, tmp_path):
    data, results = tmp_path / "data", tmp_path / "results"
    (data / "images").mkdir(parents=True)
    (data / "images" / "red").symlink_to(clip)
    for index, mask in enumerate(MASKS):
        path = data / "masks" / "red" / f"{index:03d}.png"
        images.write_mask(path, mask.astype(np.uint8))
    status, *_ = run(clip, "--masks", results / "red")
    assert status == 0
    out = tmp_path / "scored"
    status = evaluate.main(
        ["--dataset=folder", f"--data_dir={data}", f"--score_only={results}",
         f"--output_dir={out}", "--workers=1"]
    )  # fmt: skip
    assert status == 0
    metrics = json.loads((out / "results.json").read_text())["metrics"]
    assert metrics["J_mean"] > 0.8


@pytest.mark.parametrize("seed", range(6))
def test_run_lengths_are_those_of_pycocotools(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 60, 2).tolist())
    mask = rng.random(shape) < rng.choice([0.0, 0.03, 0.5, 0.97, 1.0])
    if seed == 0:
        mask = np.kron(rng.random((6, 7)) < 0.5, np.ones((50, 90))) > 0
    expected = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert rle.encode(mask)["counts"] == expected["counts"].decode()
    np.testing.assert_array_equal(coco_mask.decode(rle.encode(mask)) > 0, mask)


def test_a_lost_object_has_no_box(run, tmp_path):
    for index in range(4):
        frame = FRAMES[index] if index < 2 else np.full_like(FRAMES[0], 110)
        folder = tmp_path / "frames"
        folder.mkdir(exist_ok=True)
        cv2.imwrite(str(folder / f"{index}.png"), frame[..., ::-1])
    status, said, _ = run(folder, "--boxes", tmp_path / "boxes.csv")
    assert status == 0 and "object 1: lost in 2-3" in said
    with (tmp_path / "boxes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[1]["x"] and float(rows[1]["confidence"]) > 0.5
    assert rows[3]["x"] == rows[3]["x4"] == "" and float(rows[3]["confidence"]) == 0


def test_one_object_needs_no_folder_of_its_own(run, clip, tmp_path):
    run(clip, "--cutouts", tmp_path / "c", "--frames", 2)
    assert sorted(p.name for p in (tmp_path / "c").iterdir()) == [
        "00000.png",
        "00001.png",
    ]
