import numpy as np
import pytest

from samn_jax.data.readers import scenes, synthetic
from samn_jax.errors import InputError
from samn_jax.lab import rendered
from samn_jax.lab.script import KINDS, Script
from samn_jax.lab.suite import Arm, Suite

ALL = Script("all", tuple(KINDS), 1200)


def video(script=ALL, seed=0):
    suite = Suite("tiny", "ring", (Arm("ring"),), scripts=(script,), seeds=(seed,))
    (found,) = rendered.videos_of(suite)
    return found


def test_events_follow_each_other_and_fit_in():
    orders = set()
    for seed in range(5):
        events = ALL.events(seed)
        assert sorted(e.kind for e in events) == sorted(KINDS)
        assert all(e.end - e.start == KINDS[e.kind] for e in events)
        ends = [0, *(e.end for e in events)]
        starts = [*(e.start for e in events), ALL.num_frames]
        assert all(b - a >= 30 for a, b in zip(ends, starts, strict=True))
        assert events == ALL.events(seed)
        orders.add(tuple(e.kind for e in events))
    assert len(orders) > 1, "their order is drawn"


def test_absences_hide_the_target_and_nothing_else_does():
    clip = video()
    for event in clip.events:
        middle = (event.start + event.end) // 2
        shown = bool(clip.mask(middle).any())
        assert shown == (
            event.kind not in ("hidden_10", "hidden_50", "hidden_200", "away")
        )
        assert clip.mask(event.end + 5).sum() > 500, event
        assert clip.mask(event.start - 5).sum() > 500, event


@pytest.mark.parametrize("kind", list(KINDS))
def test_each_event_does_what_it_says(kind):
    script = Script("one", (kind,), 400)
    (event,) = script.events(0)
    before = script.moment(0, event.start - 1)
    during = script.moment(0, (event.start + event.end) // 2)
    after = script.moment(0, event.end)
    plain = Script("one", (), 400)
    actors = [next(a for a in m.actors if a.target) for m in (before, during, after)]
    calm = next(a for a in plain.moment(0, event.end).actors if a.target)
    if kind == "light":
        assert (before.light, during.light, after.light) == (
            1.0,
            pytest.approx(0.45),
            1,
        )
    elif kind == "scale":
        radii = [
            next(a for a in script.moment(0, i).actors if a.target).radius
            for i in range(event.start, event.end)
        ]
        assert max(radii) / min(radii) == pytest.approx(4.0, rel=0.01)
    elif kind.endswith("change"):
        assert actors[2].wobble - calm.wobble >= 2.5, "it stays"
    elif kind == "look_alike":
        beside = [a for a in during.actors if not a.target and a.look == actors[1].look]
        assert len(beside) == 1
        assert np.hypot(beside[0].x - actors[1].x, beside[0].y - actors[1].y) < 0.1
    if not kind.endswith("change"):
        np.testing.assert_allclose(actors[2]._replace(y=calm.y), calm, rtol=1e-9)


def test_actors_say_who_is_seen_where():
    clip = video()
    event = next(e for e in clip.events if e.kind == "look_alike")
    ids = clip.actors(event.start + 10)
    assert set(np.unique(ids)) == {0, 1, 2, 3}, "target, another, its look-alike"
    np.testing.assert_array_equal(ids == 1, clip.mask(event.start + 10) == 1)
    frame = clip.frame(event.start + 10)
    assert frame.shape == (*synthetic.FRAME_SIZE, 3)
    np.testing.assert_array_equal(frame, video().frame(event.start + 10))


@pytest.mark.parametrize("scene", list(scenes.SCENES))
def test_masks_of_actors_are_those_of_the_built_in_set(scene):
    moment = scenes.SCENES[scene](13 / (synthetic.NUM_FRAMES - 1))
    ids = synthetic.paint_actors(moment, 0)
    number = 1 + [actor.target for actor in moment.actors].index(True)
    np.testing.assert_array_equal(ids == number, synthetic.render_mask(scene, 0, 13))
    assert ids.max() <= len(moment.actors)


def test_bad_scripts_are_refused():
    with pytest.raises(InputError, match="event 'nap'|event nap"):
        Script("x", ("nap",))
    with pytest.raises(InputError, match="need 180"):
        Script("x", ("hidden_50", "hidden_10"), 100)
    with pytest.raises(InputError, match="rate"):
        Script("x", (), 100, rate=0.0)
