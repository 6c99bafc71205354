import dataclasses

import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data import types
from samn_jax.data.formats import images
from samn_jax.evaluation.scores import masks as scoring

SIZE = (40, 60)
NUM_FRAMES = 6


def _ids(index):
    """Two squares, the second one moving."""
    ids = np.zeros(SIZE, np.uint8)
    ids[5:15, 5:15] = 1
    ids[20:30, 10 + 2 * index : 20 + 2 * index] = 2
    return ids


def _read_frame(index):
    return np.zeros((*SIZE, 3), np.uint8)


def _read_every_other(index):
    return _ids(index) if index % 2 == 0 else None


def _video(name="clip", read_mask=_ids):
    names = tuple(f"{index:05d}" for index in range(NUM_FRAMES))
    return types.Sequence(name, names, _read_frame, read_mask)


def _write(folder, name="clip", shift=0, frames=None):
    for index in range(NUM_FRAMES) if frames is None else frames:
        ids = np.roll(_ids(index), shift, axis=1)
        images.write_mask(folder / name / f"{index:05d}.png", ids)


def test_perfect_masks_score_one(tmp_path):
    _write(tmp_path)
    scores = scoring.score_sequence(_video(), tmp_path)
    assert list(scores) == [1, 2]
    for one in scores.values():
        assert one["J&F"] == one["J_recall"] == one["F_mean"] == 1
        assert one["J_decay"] == one["F_decay"] == 0


def test_every_object_has_its_own_score(tmp_path):
    for index in range(NUM_FRAMES):
        images.write_mask(tmp_path / "clip" / f"{index:05d}.png", _ids(0))
    still, moving = scoring.score_sequence(_video(), tmp_path).values()
    assert still["J_mean"] == 1
    # Frames 1-4: squares of side 10 shifted by 2, 4, 6, 8.
    overlaps = [(10 - shift) / (10 + shift) for shift in (2, 4, 6, 8)]
    assert moving["J_mean"] == pytest.approx(np.mean(overlaps))
    assert moving["J_recall"] == 0.25
    # Edges of the quarters, rounded half up, are frames 1, 2, 3, 3 and 4 of four.
    assert moving["J_decay"] == pytest.approx(
        np.mean(overlaps[:2]) - np.mean(overlaps[2:])
    )


def test_first_and_last_result_may_be_missing(tmp_path):
    _write(tmp_path, frames=range(1, NUM_FRAMES - 1))
    assert scoring.score_sequence(_video(), tmp_path)[1]["J_mean"] == 1


def test_frames_without_truth_do_not_count(tmp_path):
    _write(tmp_path, frames=(2, 4))
    scores = scoring.score_sequence(_video(read_mask=_read_every_other), tmp_path)
    assert scores[1]["J_mean"] == 1


def test_nothing_to_score_gives_no_scores(tmp_path):
    (tmp_path / "clip").mkdir()
    only_first = _video(read_mask=_only_first)
    assert scoring.score_sequence(only_first, tmp_path) == {}
    assert scoring.summarize([]) == {}


def _only_first(index):
    return _ids(0) if index == 0 else None


def test_processes_give_what_one_gives(tmp_path):
    for shift, name in enumerate(("a", "b", "c")):
        _write(tmp_path, name, shift)
    videos = tuple(_video(name) for name in ("a", "b", "c"))
    dataset = types.Dataset("folder", videos, "")
    alone = scoring.score_dataset(dataset, tmp_path, num_workers=1)
    assert alone == scoring.score_dataset(dataset, tmp_path, num_workers=2)
    assert alone["a"][1]["J_mean"] > alone["b"][1]["J_mean"] > alone["c"][1]["J_mean"]


def test_missing_sequence_is_refused(tmp_path):
    dataset = types.Dataset("folder", (_video(),), "")
    with pytest.raises(errors.InputError, match="has no clip/: .*--sequences"):
        scoring.score_dataset(dataset, tmp_path)


def test_missing_frame_is_refused(tmp_path):
    _write(tmp_path, frames=(0, 1, 2, 4, 5))
    dataset = types.Dataset("folder", (_video(),), "")
    with pytest.raises(errors.InputError, match="clip/00003.png is missing"):
        scoring.score_dataset(dataset, tmp_path)


def test_other_size_is_refused(tmp_path):
    _write(tmp_path)
    images.write_mask(tmp_path / "clip" / "00002.png", _ids(2)[:-1])
    with pytest.raises(errors.InputError, match="2.png is 39 .* mask 40 .* 60 wide"):
        scoring.score_sequence(_video(), tmp_path)


def test_an_object_counts_from_the_frame_after_its_first(tmp_path):
    def late(index):
        ids = _ids(index)
        return ids if index >= 2 else without_second(ids)

    def without_second(ids):
        return np.where(ids == 2, np.uint8(0), ids)

    video = dataclasses.replace(_video(read_mask=late), late_objects=True)
    # In frames 3 and 4 the second square is found, in 2 and before it isn't looked at.
    for index in range(NUM_FRAMES):
        ids = late(index) if index > 2 else without_second(late(index))
        images.write_mask(tmp_path / "clip" / f"{index:05d}.png", ids)
    scores = scoring.score_sequence(video, tmp_path)
    assert scores[1]["J_mean"] == scores[2]["J_mean"] == 1


def test_last_frame_counts_on_demand(tmp_path):
    _write(tmp_path, frames=range(1, NUM_FRAMES - 1))
    images.write_mask(tmp_path / "clip" / "00005.png", np.zeros(SIZE, np.uint8))
    without = scoring.score_sequence(_video(), tmp_path)
    with_it = scoring.score_sequence(_video(), tmp_path, last_frame=True)
    assert without[2]["J_mean"] == 1
    assert with_it[2]["J_mean"] == pytest.approx(4 / 5)


def test_ids_beyond_those_of_the_sequence_are_refused(tmp_path):
    _write(tmp_path)
    ids = np.where(_ids(3) == 2, np.uint8(3), _ids(3))
    images.write_mask(tmp_path / "clip" / "00003.png", ids)
    message = "clip/00003.png has object 3, but the highest id of the sequence is 2"
    with pytest.raises(errors.InputError, match=message):
        scoring.score_sequence(_video(), tmp_path)
