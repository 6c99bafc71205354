import json
import zipfile

import numpy as np
import pytest

import evaluate
from samn_jax import errors
from samn_jax.data.formats import images
from samn_jax.evaluation.scores import youtube_vos
from tests.data import youtube_vos_folder


def _run(split_dir, out, *flags):
    where = ["--data_dir", str(split_dir), "--output_dir", str(out), "--workers", "1"]
    given = ["--dataset", "youtubevos", "--tracker", "copy_first", *where, *flags]
    assert evaluate.main(given) == 0
    return json.loads((out / "results.json").read_text())


def test_objects_are_followed_from_their_frame_scored_and_packed(tmp_path, capsys):
    split_dir = youtube_vos_folder.write(tmp_path / "valid", all_masks=True)
    train = {"a": {1: "cow", 2: "dog"}}
    youtube_vos_folder.write_meta(tmp_path / "train", train)
    metrics = _run(split_dir, tmp_path / "out")["metrics"]
    # The first mask stays while squares of side 10 and 12 move on by 2 a frame.
    one = np.mean([(10 - d) / (10 + d) for d in (2, 4, 6, 8)])
    late = np.mean([(12 - d) / (12 + d) for d in (2, 4)])
    assert metrics["J_seen"] == pytest.approx(one)
    assert metrics["J_unseen"] == pytest.approx(late)
    names = ("J_seen", "F_seen", "J_unseen", "F_unseen")
    assert metrics["G"] == pytest.approx(np.mean([metrics[name] for name in names]))
    masks = tmp_path / "out/masks/cow"
    shown = [
        set(np.unique(images.read_mask(p)).tolist()) for p in sorted(masks.iterdir())
    ]
    assert shown == [{0, 1}, {0, 1}, {0, 1, 2}, {0, 1, 2}, {0, 1, 2}]
    with zipfile.ZipFile(tmp_path / "out/submission.zip") as packed:
        assert len(packed.namelist()) == 10
        assert (
            packed.read("Annotations/cow/00010.png")
            == (masks / "00010.png").read_bytes()
        )


def test_public_masks_alone_give_no_scores_but_an_archive(tmp_path, capsys):
    split_dir = youtube_vos_folder.write(tmp_path / "valid", all_masks=False)
    results = _run(split_dir, tmp_path / "out")
    assert results["metrics"] == {}
    speeds = {name: set(values) for name, values in results["sequences"].items()}
    assert speeds == {"cow": {"frames_per_second"}, "dog": {"frames_per_second"}}
    assert (tmp_path / "out/submission.zip").is_file()


def test_split_means_by_hand():
    def one(region, boundary):
        return {"J_mean": region, "F_mean": boundary}

    scores = {"a": {1: one(0.8, 0.6), 4: one(0.4, 0.2)}, "b": {1: one(0.6, 0.8)}}
    categories = {"a": {1: "cow", 4: "eagle"}, "b": {1: "cow"}}
    means = youtube_vos.split_means(scores, categories, frozenset({"cow"}))
    assert means == pytest.approx(
        {"J_seen": 0.7, "F_seen": 0.7, "J_unseen": 0.4, "F_unseen": 0.2, "G": 0.5}
    )
    only_seen = youtube_vos.split_means(scores, categories, frozenset({"cow", "eagle"}))
    assert set(only_seen) == {"J_seen", "F_seen"}
    with pytest.raises(errors.InputError, match="no category of object 4 of video a"):
        youtube_vos.split_means(scores, {"a": {1: "cow"}}, frozenset())
