import json
import re

import cv2
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.inspect import page, record
from samn_jax.memory.entry import Reason
from tests.inspect import clips
from tests.inspect.clips import COUNT

HOSTILE = '</script><img src=x onerror=alert(1)>\u2028<!--&"'


def data_of(text):
    return json.loads(re.search(r"const DATA = (.*?);</script>", text)[1])


def test_every_reason_has_words():
    assert set(page._REASONS) == set(Reason)


def test_two_designs_share_pictures():
    traces = clips.content(), clips.content(design="stm")
    one, both = data_of(page.render(traces[:1])), data_of(page.render(traces))
    assert len(both["pictures"]) == len(one["pictures"]) == COUNT - 1, "two are equal"
    assert [lane["design"] for lane in both["lanes"]] == ["ring", "stm"]
    colors = {lane["color"] for lane in both["lanes"]}
    assert len(colors) == 2
    assert (both["first"], both["last"]) == (0, COUNT - 1)


def test_a_lane_tells_what_the_trace_holds():
    (lane,) = data_of(page.render([clips.content()]))["lanes"]
    one = clips.content().objects[0].trace
    assert lane["frame"] == one.frame.tolist()
    assert lane["reason"] == one.reason.tolist()
    np.testing.assert_allclose(lane["region"], one.region, atol=1e-4)
    assert lane["uncertainty"][0] is None, "none in a given frame"
    rows = range(one.held_end[4], one.held_end[5])
    told = np.array(lane["held"][5])
    assert told[:, 2].tolist() == one.held_frame[rows].tolist()
    np.testing.assert_allclose(told[:, 4] / 1e4, one.held_target[rows], atol=1e-4)


def test_outlines_are_those_of_the_masks():
    trace = clips.content()
    (lane,) = data_of(page.render([trace]))["lanes"]
    masks = record.unpack_mask(trace.objects[0].trace.mask, trace.small_hw)
    for path, mask in zip(lane["mask"], masks, strict=True):
        drawn = np.zeros(mask.shape, np.uint8)
        for part in path.split("M")[1:]:
            numbers = list(map(float, re.findall(r"-?[\d.]+", part)))
            points = np.cumsum(np.reshape(numbers, (-1, 2)), axis=0) - 0.5
            cv2.fillPoly(drawn, [np.rint(points).astype(np.int32)], 1)
        if mask.any():
            assert (drawn.astype(bool) & mask).sum() / (drawn | mask).sum() > 0.95
        else:
            assert path == ""


def test_a_stretch_keeps_the_pictures_that_its_slots_need():
    told = data_of(page.render([clips.content()], range(6, 8)))
    (lane,) = told["lanes"]
    assert lane["frame"] == [6, 7] and (told["first"], told["last"]) == (6, 7)
    assert set(lane["pictures"]) >= {"0", "6", "7"}
    assert len(told["pictures"]) < COUNT
    with pytest.raises(InputError, match="no traced frame"):
        page.render([clips.content()], range(90, 99))


def test_names_are_escaped():
    trace = clips.content()
    named = trace.objects[0]._replace(name=HOSTILE)
    hostile = trace._replace(
        video=HOSTILE, design=HOSTILE, settings=HOSTILE, objects=(named,)
    )
    text = page.render([hostile])
    assert "<img src=x" not in text
    assert text.count("</script>") == 2 and "<!--" not in text
    assert data_of(text)["lanes"][0]["name"] == HOSTILE


def test_nothing_is_fetched():
    text = page.render([clips.content()])
    assert "default-src 'none'" in text
    links = set(re.findall(r"https?://[^\"'`\s]+", text))
    assert links == {"http://www.w3.org/2000/svg"}, "a name, not an address"
    assert not re.search(r"<(link|iframe|script src)|@import|url\(", text)


def test_traces_of_two_videos_are_refused():
    with pytest.raises(InputError, match="of two videos, clip and other"):
        page.render([clips.content(), clips.content()._replace(video="other")])
    with pytest.raises(InputError, match="no trace"):
        page.render([])


def test_eighty_frames_of_two_designs_are_about_two_megabytes():
    """Of 854 × 480 frames with the detail of a real one: noise blurred a little."""
    rng = np.random.default_rng(0)
    trace = clips.content()
    one = trace.objects[0].trace
    pictures = {}
    for frame in range(80):
        noise = rng.integers(0, 256, (180, 320, 3)).astype(np.uint8)
        image = cv2.GaussianBlur(noise, (0, 0), 3.5)
        pictures[frame] = cv2.imencode(".jpg", image, [1, 72])[1].tobytes()
    rows = np.arange(80) % COUNT
    ends = np.diff(one.held_end, prepend=0)
    held = np.concatenate(
        [np.arange(one.held_end[r] - ends[r], one.held_end[r]) for r in rows]
    )
    many = {
        name: getattr(one, name)[rows]
        for name in one._fields
        if not name.startswith("held_")
    }
    many |= {
        name: getattr(one, name)[held]
        for name in one._fields
        if name.startswith("held_") and name != "held_end"
    }
    many |= {"held_end": np.cumsum(ends[rows]), "frame": np.arange(80)}
    named = trace.objects[0]._replace(trace=type(one)(**many))
    long = trace._replace(pictures=pictures, objects=(named,))
    size = len(page.render([long, long._replace(design="other")]))
    assert 0.5e6 < size < 2.5e6
