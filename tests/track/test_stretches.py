from samn_jax.track import stretches
from samn_jax.track.stretches import Stretch


def test_stretches_of_each_kind():
    values = [1.0, 1.0, 0.0, 0.0, 0.5, 0.6, 1.0, 0.9, 0.0]
    assert stretches.find(list(enumerate(values))) == [
        Stretch(2, 3, "lost"),
        Stretch(4, 5, "unsure"),
        Stretch(8, 8, "lost"),
    ]
    assert stretches.find([]) == stretches.find([(0, 0.99)]) == []


def test_frames_left_out_do_not_break_a_stretch():
    assert stretches.find([(0, 1.0), (5, 0.0), (10, 0.0)]) == [Stretch(5, 10, "lost")]


def test_description():
    told = stretches.describe("dog", stretches.find([(0, 0.0), (1, 0.5), (2, 0.4)]))
    assert told == "dog: lost in 0, unsure in 1-2"
    assert stretches.describe("dog", []) == "dog: found in every frame"
    many = stretches.find([(i, float(i % 2)) for i in range(40)])
    assert stretches.describe("dog", many).endswith("and 8 stretches more")
