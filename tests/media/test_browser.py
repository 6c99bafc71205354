"""Chromium plays what is written, from the first frame to the last."""

from fractions import Fraction

import pytest

from samn_jax.media import destination, source, video_writer
from tests import chromium
from tests.media import clips

pytestmark = [pytest.mark.slow, chromium.NEEDED]
SIZES = {"even": (96, 120), "odd": (97, 121)}
# Plays at four times the speed without a sound, and tells what came.
PLAY = """
const [name, done] = arguments, video = document.createElement("video");
const tell = () => done([video.videoWidth, video.videoHeight, video.duration,
  video.currentTime, video.getVideoPlaybackQuality().totalVideoFrames,
  video.error && video.error.message]);
video.onended = tell; video.onerror = tell;
video.muted = true; video.playbackRate = 4; video.src = name;
document.body.append(video); video.play().catch(tell);
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    (folder / "page.html").write_text("<!doctype html><body>")
    with chromium.opened((folder / "page.html").as_uri()) as driver:
        driver.set_script_timeout(60)
        yield driver


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_videos_play_to_their_end(browser, tmp_path, suffix, size):
    height, width = SIZES[size]
    frames = clips.make_frames(30, (height, width))
    given = tmp_path / "given.webm"
    clips.write_video(given, frames, "libvpx-vp9", rate=Fraction(15))
    reader = source.open_source(str(given))
    place = destination.Destination(tmp_path / f"out{suffix}")
    writer = video_writer.VideoWriter(place, reader, 1)
    for frame in reader.read(0, None, 1):
        writer.add(frame)
    writer.close()
    written = place.keep(whole=True)
    *facts, shown, error = browser.execute_async_script(PLAY, written.as_uri())
    assert error is None
    assert facts[:2] == [width, height]
    assert facts[2] == pytest.approx(2.0, abs=0.1) and facts[3] == facts[2]
    assert shown > 10  # a busy machine drops some of the 30
