import json
import zipfile

import cv2
import numpy as np
import pytest

import evaluate
from samn_jax import errors
from samn_jax.data.formats import images
from samn_jax.data.readers import youtube_vos as reader
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


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """Data set, and the files of a right archive."""
    root = tmp_path_factory.mktemp("youtube")
    split_dir = youtube_vos_folder.write(root / "valid", all_masks=True)
    dataset = reader.read_youtube_vos(split_dir)
    masks_dir = split_dir / "Annotations"  # The truth is a fine result.
    archive = youtube_vos.write_submission(dataset, masks_dir, root / "s.zip")
    with zipfile.ZipFile(archive) as packed:
        return dataset, {name: packed.read(name) for name in packed.namelist()}


def _gray(files, name):
    files[name] = cv2.imencode(".png", youtube_vos_folder.ids_of("cow", 0))[1].tobytes()


def _early(files, name):
    files[name] = files["Annotations/cow/00010.png"]


def _flip(files, name):
    turned = np.ascontiguousarray(youtube_vos_folder.ids_of("cow", 1).T)
    files[name] = youtube_vos.palette.encode_indices(turned)


def _cut(files, name):
    files[name] = files[name][:-9]


def _leave_out(files, name):
    del files[name]


def _add(files, name):
    files["Annotations/cow/00007.png"] = files[name]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (_gray, "cow/00005.png in .* isn't an indexed PNG"),
        (_early, "cow/00005.png in .* shows object 2, which isn't given"),
        (_flip, "is 40x60, its frame 60x40"),
        (_cut, "cow/00005.png in .* can't be used, it is cut short"),
        (_leave_out, "lacks Annotations/cow/00005.png"),
        (_add, "has Annotations/cow/00007.png, which is no frame"),
    ],
)
def test_archives_that_the_server_would_not_take(handed_in, tmp_path, harm, message):
    dataset, files = handed_in
    files = dict(files)
    harm(files, "Annotations/cow/00005.png")
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    with pytest.raises(errors.InputError, match=message):
        youtube_vos.check_submission(dataset, tmp_path / "s.zip")


def test_archive_of_an_unfinished_run_is_not_written(handed_in, tmp_path):
    dataset, _ = handed_in
    with pytest.raises(errors.InputError, match="cow/00000.png is missing"):
        youtube_vos.write_submission(dataset, tmp_path, tmp_path / "s.zip")
    assert not (tmp_path / "s.zip").exists()
    (tmp_path / "s.zip").write_bytes(b"no archive")
    with pytest.raises(errors.InputError, match="is not a zip archive"):
        youtube_vos.check_submission(dataset, tmp_path / "s.zip")
