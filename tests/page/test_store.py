import json
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samn_jax.errors import InputError
from samn_jax.page import store
from samn_jax.page.session import Session
from tests.page.test_session import MASKS, frames, session, track  # noqa: F401


@pytest.fixture
def saved(session, tmp_path):  # noqa: F811
    session.mark(session.add_object("red"), 0, mask=MASKS[0])
    session.mark(session.add_object("box"), 2, box_xywh=(5.0, 60.0, 20.0, 20.0))
    track(session, 0, 6)
    session.mark(1, 4, mask=MASKS[4])
    path = tmp_path / "work.samn"
    store.save(session, path)
    return session, path


def test_a_session_is_reopened_as_it_was(saved):
    session, path = saved  # noqa: F811
    again = Session(session.tracker, session.source)
    store.load(again, path)
    assert again.work.names == session.work.names
    assert again.work.stale == session.work.stale == {5, 6}
    for index in range(7):
        found, expected = again.result(index), session.result(index)
        np.testing.assert_array_equal(found.ids, expected.ids)
        for one, other in zip(found.objects, expected.objects, strict=True):
            assert one[:5] == other[:5]
            np.testing.assert_allclose(one.polygon, other.polygon)
            np.testing.assert_array_equal(one.alpha, other.alpha)
    # It goes on as the first one does.
    for one in (again, session):
        list(one.track_stale(4))
    np.testing.assert_array_equal(again.result(6).ids, session.result(6).ids)


def test_another_video_is_told(saved, monkeypatch):
    session, path = saved  # noqa: F811
    other = Session(session.tracker, session.source)
    other.num_frames = 19
    with pytest.raises(InputError, match="work.samn is of another video than"):
        store.load(other, path)


def test_equal_work_gives_an_equal_file(saved, tmp_path):
    session, path = saved  # noqa: F811
    store.save(session, tmp_path / "again.samn")
    one, other = (
        zipfile.ZipFile(p).read("session.json") for p in (path, tmp_path / "again.samn")
    )
    assert one == other


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(at=st.floats(0, 1), count=st.integers(1, 40), cut=st.booleans())
def test_damaged_files_are_refused_or_harmless(saved, at, count, cut):
    session, path = saved  # noqa: F811
    data = bytearray(path.read_bytes())
    begin = int(at * (len(data) - 1))
    if cut:
        del data[begin:]
    else:
        data[begin : begin + count] = bytes(
            255 - b for b in data[begin : begin + count]
        )
    bad = path.with_name("bad.samn")
    bad.write_bytes(data)
    before = session.work
    try:
        store.load(session, bad)
    except InputError as error:
        assert "\n" not in str(error) and session.work is before
    session.work = before


@pytest.mark.parametrize(
    "change",
    [
        {"names": {"1": "../x", "2": "box"}},
        {"names": {"1000": "red", "2": "box"}},
        {"prompts": [{"object": 1, "frame": 99, "box": [1, 2, 3, 4]}]},
        {"prompts": [{"object": 1, "frame": 0, "box": [1, 2, 3, float("1e999")]}]},
        {"prompts": 7},
        {"results": [{"frame": 0, "objects": [{"object": 9}]}]},
        {"format": "samn_jax session 2"},
        {"video": None},
    ],
)
def test_impossible_values_are_refused(saved, change):
    session, path = saved  # noqa: F811
    bad = path.with_name("bad.samn")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(bad, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "session.json":
                content = json.dumps({**json.loads(content), **change})
            new.writestr(name, content)
    with pytest.raises(InputError):
        store.load(session, bad)
