import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data import images, types
from samn_jax.evaluation import scoring

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
    assert len(scores) == 2
    for one in scores:
        assert one["J&F"] == one["J_recall"] == one["F_mean"] == 1
        assert one["J_decay"] == one["F_decay"] == 0


def test_every_object_has_its_own_score(tmp_path):
    for index in range(NUM_FRAMES):
        images.write_mask(tmp_path / "clip" / f"{index:05d}.png", _ids(0))
    still, moving = scoring.score_sequence(_video(), tmp_path)
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
    assert scoring.score_sequence(_video(), tmp_path)[0]["J_mean"] == 1


def test_frames_without_truth_do_not_count(tmp_path):
    _write(tmp_path, frames=(2, 4))
    scores = scoring.score_sequence(_video(read_mask=_read_every_other), tmp_path)
    assert scores[0]["J_mean"] == 1


def test_nothing_to_score_gives_no_scores(tmp_path):
    (tmp_path / "clip").mkdir()
    only_first = _video(read_mask=_only_first)
    assert scoring.score_sequence(only_first, tmp_path) == []
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
    assert alone["a"][0]["J_mean"] > alone["b"][0]["J_mean"] > alone["c"][0]["J_mean"]


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
    with pytest.raises(errors.InputError, match="00002.png is 60x39 .* 60x40"):
        scoring.score_sequence(_video(), tmp_path)
