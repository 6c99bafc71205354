"""What is finished stays finished; what is damaged costs its video alone."""

import json

import numpy as np
import pytest

from samn_jax.data import types
from samn_jax.data.formats import images, video_files
from samn_jax.errors import InputError
from samn_jax.evaluation import records, run_folder, stopwatch
from samn_jax.evaluation.protocols import semi_supervised

FACTS = {"checkpoint": "lite", "config": {"capacity": 8, "sizes": (1, 2)}}
IDS = np.ones((4, 4), np.uint8)


def _open(root, facts=FACTS):
    return run_folder.open_run(root, semi_supervised.SEMI_SUPERVISED, facts)


@pytest.fixture
def video(tmp_path):
    """A video of two frames and their masks."""
    for index in (0, 1):
        images.write_mask(tmp_path / "data" / f"{index}.png", IDS)
    paths = tuple(tmp_path / "data" / f"{index}.png" for index in (0, 1))
    return types.Sequence(
        "clip", ("0", "1"), video_files.FrameFiles(paths), video_files.MaskFiles(paths)
    )


@pytest.fixture
def finished(tmp_path, video):
    """The folder of a run that has finished the video."""
    folder = _open(tmp_path / "out")
    folder.begin(video)
    for path in folder.result_files(video):
        images.write_mask(path, IDS)
    watch = stopwatch.Stopwatch()
    folder.finish(video, records.make(watch, folder.result_files(video)))
    return folder


def test_a_video_is_finished_with_its_record_and_all_results(tmp_path, video):
    folder = _open(tmp_path / "out")
    assert folder.record_of(video) is None
    folder.begin(video)
    first, second = folder.result_files(video)
    images.write_mask(first, IDS)
    assert folder.record_of(video) is None
    images.write_mask(second, IDS)
    record = records.make(stopwatch.Stopwatch(), [first, second])
    folder.finish(video, record)
    assert folder.record_of(video) == record


def test_the_same_run_goes_on(tmp_path):
    assert _open(tmp_path) == _open(tmp_path)


def test_another_run_is_refused_with_both_values(tmp_path):
    _open(tmp_path)
    with pytest.raises(InputError, match='checkpoint is "lite" there and "big" now'):
        _open(tmp_path, {**FACTS, "checkpoint": "big"})
    with pytest.raises(InputError, match='start is absent there and "box" now.*--out'):
        _open(tmp_path, {**FACTS, "start": "box"})
    other = {"checkpoint": "lite", "config": {"capacity": 3, "sizes": (1, 2)}}
    with pytest.raises(InputError, match="config.capacity is 8 there and 3 now"):
        _open(tmp_path, other)


def _cut(path):
    path.write_bytes(path.read_bytes()[:-3])


def _wrong_types(path):
    values = json.loads(path.read_text())
    path.write_text(json.dumps({name: None for name in values}))


@pytest.mark.parametrize("harm", [_cut, _wrong_types])
@pytest.mark.parametrize("which", ["record_path", "data_path"])
def test_a_damaged_file_costs_its_video(finished, video, which, harm):
    harm(getattr(finished, which)(video))
    finished.check_data(video)
    assert finished.record_of(video) is None
    finished.begin(video)
    # Nothing says what they are.
    assert not any(path.exists() for path in finished.result_files(video))
    assert finished.data_of(video) is not None


def test_whole_results_of_a_video_that_was_cut_off_stay(finished, video):
    finished.record_path(video).unlink()
    assert finished.record_of(video) is None
    finished.begin(video)
    assert all(path.exists() for path in finished.result_files(video))


def test_a_damaged_result_costs_its_video(finished, video):
    _cut(finished.result_files(video)[1])
    assert finished.record_of(video) is None


def test_a_changed_video_is_refused(finished, video):
    finished.check_data(video)
    images.write_mask(video.read_mask.paths[1], 0 * IDS)
    with pytest.raises(InputError, match="1.png had SHA-256 .* delete .*clip.json"):
        finished.check_data(video)
    finished.record_path(video).unlink()  # As the message says.
    finished.check_data(video)
    finished.begin(video)
    assert not any(path.exists() for path in finished.result_files(video))


def test_the_note_of_a_failure_never_fails(tmp_path, video):
    folder = _open(tmp_path / "out")
    assert folder.note_failure(video, InputError("one line")) == "one line"
    problem = folder.note_failure(video, RuntimeError("a\x1b\nb"))
    assert problem.startswith("RuntimeError: a\\x1b (see ")
    (tmp_path / "out" / "failed" / "clip.txt").unlink()
    (tmp_path / "out" / "failed").rmdir()
    (tmp_path / "out" / "failed").write_text("in the way")
    assert folder.note_failure(video, RuntimeError("a")) == "RuntimeError: a"
