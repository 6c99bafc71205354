import cv2
import numpy as np
import pytest

from samn_jax.data.formats import images
from samn_jax.errors import InputError
from samn_jax.page import desk as desk_lib
from samn_jax.page import export, timeline
from samn_jax.page.desk import Desk
from samn_jax.page.session import Session
from tests.media import clips
from tests.page.test_session import COUNT, MASKS, frames  # noqa: F401
from tests.tracking import color_net


@pytest.fixture
def desk(tracker, frames, tmp_path):  # noqa: F811
    return Desk(Session(tracker, frames), tmp_path)


def click(desk, x, y):
    """A click on a pixel of the frame, in the picture as it is shown."""
    scale = desk.view().picture.shape[0] / 96
    return desk.click(round(x * scale), round(y * scale))


def finish(views):
    *_, last = views
    return last


def test_two_clicks_are_a_box_and_tracking_follows_it(desk):
    assert desk.view().picture.shape == (560, 700, 3)
    desk.add_object("red")
    assert "opposite corner" in click(desk, 20, 20).message and desk.has_corner
    view = click(desk, 40, 40)
    assert view.message == "marked in frame 0" and not desk.has_corner
    assert desk.session.work.prompts[0].box_xywh == (20.0, 20.0, 20.0, 20.0)
    view = finish(desk.track(0, COUNT - 1))
    assert view.message == f"tracked {COUNT} of {COUNT} frames"
    assert view.frame_idx == COUNT - 1
    assert color_net.overlap(desk.session.result(COUNT - 1).ids, MASKS[-1]) > 0.8


def test_a_click_without_an_object_makes_one(desk):
    click(desk, 20, 20)
    assert desk.session.work.names == {1: "object 1"} and desk.object_id == 1
    with pytest.raises(InputError, match="too small"):
        click(desk, 21, 21)
    assert not desk.has_corner


def test_masks_from_files(desk, tmp_path):
    ids = MASKS[0].astype(np.uint8)
    images.write_mask(tmp_path / "one.png", ids)
    desk.give_mask_file(tmp_path / "one.png")
    np.testing.assert_array_equal(desk.session.result(0).ids, ids)
    ids[2:14, 100:114] = 2
    images.write_mask(tmp_path / "two.png", ids)
    desk.give_mask_file(tmp_path / "two.png")
    np.testing.assert_array_equal(desk.session.result(0).ids, ids)
    assert len(desk.session.work.names) == 2


def test_painted_masks(desk):
    layer = np.zeros((96, 120, 4), np.uint8)
    layer[MASKS[0]] = 255
    mask = desk_lib.painted_mask({"layers": [layer]})
    np.testing.assert_array_equal(mask, MASKS[0])
    for nothing in (None, {"layers": []}, {"layers": [np.zeros_like(layer)]}):
        with pytest.raises(InputError, match="nothing is painted"):
            desk_lib.painted_mask(nothing)


def test_correction_tracks_the_rest_anew_and_undo_takes_it_back(desk):
    desk.give_mask(MASKS[0])
    finish(desk.track(0, 9))
    desk.go_to(4)
    assert "5 frames are to be tracked anew" in desk.give_mask(MASKS[3]).message
    finish(desk.track_stale())
    assert not desk.session.work.stale and desk.frame_idx == 9
    desk.undo()
    desk.undo()
    assert len(desk.session.work.prompts) == 1 and not desk.session.work.stale
    assert desk.undo().message == ""


def test_stop_ends_the_tracking(desk):
    desk.give_mask(MASKS[0])
    views = []
    for view in desk.track(0, COUNT - 1):
        views.append(view)
        desk.stop()
    assert 0 < len(desk.session.work.results) < COUNT
    assert "of 20" in views[-1].message


def test_strip_leads_to_its_frame(desk):
    for index in range(COUNT):
        x = int((index + 0.5) * timeline.WIDTH / COUNT)
        assert desk.go_to_column(x).frame_idx == index
    desk.give_mask(MASKS[COUNT - 1])
    strip = desk.view().strip
    assert strip.shape[1] == timeline.WIDTH
    right, left = strip[:, -30:].astype(int), strip[:, 300:330].astype(int)
    assert right.max() > left.max()


def test_frames_worth_a_look_are_found_in_both_directions():
    assert timeline.next_to_check([3, 8, 12], 8, 1) == 12
    assert timeline.next_to_check([3, 8, 12], 8, -1) == 3
    assert timeline.next_to_check([3, 8, 12], 12, 1) is None


def test_downloads_are_those_of_the_command(desk, tmp_path):
    with pytest.raises(InputError, match="nothing is tracked yet"):
        desk.export(["masks"])
    desk.give_mask(MASKS[0])
    finish(desk.track(0, 5))
    with pytest.raises(InputError, match="nothing is chosen"):
        desk.export([])
    made = {path.name: path for path in desk.export(list(export.KINDS))}
    assert set(made) == {
        "tracked.mp4", "tracked.webm", "masks.zip", "boxes.csv", "masks.json",
        "cutouts.zip",
    }  # fmt: skip
    assert len(clips.read_back(made["tracked.mp4"])[0]) == 6
    import zipfile

    with zipfile.ZipFile(made["masks.zip"]) as archive:
        assert archive.namelist() == [f"{i:03d}.png" for i in range(6)]
        data = np.frombuffer(archive.read("003.png"), np.uint8)
    found = cv2.imdecode(data, cv2.IMREAD_COLOR).any(axis=-1)
    np.testing.assert_array_equal(found, desk.session.result(3).ids > 0)


def test_a_saved_session_is_opened_again(desk):
    desk.give_mask(MASKS[0])
    finish(desk.track(0, 5))
    path = desk.save()
    other = Desk(Session(desk.session.tracker, desk.session.source), path.parent)
    assert other.load(path).message == "the session is open"
    assert sorted(other.session.work.results) == list(range(6))


def test_objects_are_chosen_and_removed(desk):
    desk.add_object("a")
    desk.add_object("b")
    assert desk.object_id == 2 and desk.choose(1).object_id == 1
    assert desk.choose(9).object_id is None
    with pytest.raises(InputError, match="no object is chosen"):
        desk.remove_object()
    desk.choose(2)
    assert desk.remove_object().object_id == 1
