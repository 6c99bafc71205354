"""Saved sessions of the page that someone else has made: refused in one line."""

import json
import os
import zipfile

import pytest

from samn_jax.errors import InputError
from samn_jax.page import store
from samn_jax.page.session import Session
from tests.page.test_store import frames, saved, session  # noqa: F401
from tests.track.conftest import tracker  # noqa: F401


def rewritten(path, change, compression=zipfile.ZIP_STORED):
    bad = path.with_name("bad.samn")
    with (
        zipfile.ZipFile(path) as old,
        zipfile.ZipFile(bad, "w", compression) as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            if name == "session.json":
                content = json.loads(data)
                change(content)
                data = json.dumps(content)
            new.writestr(name, data)
    return bad


def bad_polygon(content):
    content["results"][0]["objects"][0]["polygon"][0][0] = float("nan")


def huge_number(content):
    content["results"][0]["objects"][0]["confidence"] = 10**400


def equal_names(content):
    content["names"] = {"1": "red", "2": "red"}


def many_objects(content):
    content["names"].update({str(i): f"o{i}" for i in range(3, 200)})


def infinite_frame(content):
    content["prompts"][0]["frame"] = float("inf")


@pytest.mark.parametrize(
    "change", [bad_polygon, huge_number, equal_names, many_objects, infinite_frame]
)
def test_sessions_with_impossible_values_are_refused(saved, change):  # noqa: F811
    session, path = saved  # noqa: F811
    before = session.work
    with pytest.raises(InputError, match=r"bad\.samn is damaged"):
        store.load(session, rewritten(path, change))
    assert session.work is before


def test_sessions_that_hide_their_size_are_refused(saved):  # noqa: F811
    session, path = saved  # noqa: F811
    bad = rewritten(path, lambda content: None, zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match=r"bad\.samn is damaged"):
        store.load(session, bad)


def test_encrypted_sessions_are_refused(saved):  # noqa: F811
    session, path = saved  # noqa: F811
    data = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + flags] |= 1
            at = data.find(signature, at + 4)
    bad = path.with_name("bad.samn")
    bad.write_bytes(data)
    with pytest.raises(InputError, match=r"bad\.samn is damaged"):
        store.load(session, bad)


def test_a_pipe_is_no_session(saved):  # noqa: F811
    session, path = saved  # noqa: F811
    pipe = path.with_name("pipe.samn")
    os.mkfifo(pipe)
    with pytest.raises(InputError, match=r"pipe\.samn is damaged or no session"):
        store.load(Session(session.tracker, session.source), pipe)
