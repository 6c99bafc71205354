import os

import pytest

from samn_jax.errors import InputError
from samn_jax.media.destination import Destination, check_apart


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_a_file_appears_when_it_is_kept(tmp_path):
    place = Destination(tmp_path / "deep" / "out.csv")
    place.partial.write_text("new")
    assert not place.path.exists()
    assert place.keep(whole=True) == place.path
    assert place.path.read_text() == "new" and names(tmp_path / "deep") == ["out.csv"]


def test_a_whole_file_replaces_an_earlier_one_and_a_part_does_not(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")
    place = Destination(path)
    place.partial.write_text("part")
    assert place.keep(whole=False).name == "out.incomplete.csv"
    again = Destination(path)
    again.partial.write_text("part 2")
    assert again.keep(whole=False).name == "out.incomplete2.csv"
    assert path.read_text() == "old"
    whole = Destination(path)
    whole.partial.write_text("new")
    whole.keep(whole=True)
    assert path.read_text() == "new"


def test_what_is_discarded_leaves_nothing(tmp_path):
    for make in (lambda p: p.write_text("x"), lambda p: p.mkdir()):
        place = Destination(tmp_path / "out")
        make(place.partial)
        place.discard()
        assert names(tmp_path) == []


def test_a_folder_is_replaced_only_on_demand(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    Destination(folder)  # An empty one is as good as none.
    (folder / "00009.jpg").write_text("old")
    with pytest.raises(InputError, match="out isn't empty: choose another folder"):
        Destination(folder)
    place = Destination(folder, overwrite=True)
    place.partial.mkdir()
    (place.partial / "00000.jpg").write_text("new")
    assert names(folder) == ["00009.jpg"]
    place.keep(whole=True)
    assert names(folder) == ["00000.jpg"] and names(tmp_path) == ["out"]


def test_a_folder_with_other_things_is_never_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="thesis.tex isn't a picture"):
        Destination(tmp_path / "out", overwrite=True)


def test_a_part_of_a_folder_stands_beside_a_whole_one(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "00000.jpg").write_text("old")
    place = Destination(folder, overwrite=True)
    place.partial.mkdir()
    (place.partial / "00000.jpg").write_text("new")
    assert place.keep(whole=False).name == "out.incomplete"
    assert (folder / "00000.jpg").read_text() == "old"


def test_a_file_in_the_way_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="can't be written: a part of the path is a"):
        Destination(tmp_path / "file" / "out.mp4")


@pytest.mark.parametrize("kind", ["same", "hard link", "symlink", "dotted", "folder"])
def test_input_and_output_by_any_name(tmp_path, kind):
    video, output = tmp_path / "in.mp4", tmp_path / "out.mp4"
    video.write_text("x")
    if kind == "same":
        output = video
    elif kind == "hard link":
        os.link(video, output)
    elif kind == "symlink":
        output.symlink_to(video)
    elif kind == "dotted":
        (tmp_path / "a").mkdir()
        output = tmp_path / "a" / ".." / "in.mp4"
    else:
        video, output = tmp_path, tmp_path / "."
    with pytest.raises(InputError, match="is the input file .*: give another output"):
        check_apart([output], [video])


def test_two_outputs_are_two(tmp_path):
    check_apart([tmp_path / "a", tmp_path / "b"], [])
    with pytest.raises(InputError, match="a is asked for twice"):
        check_apart([tmp_path / "a", tmp_path / "b" / ".." / "a"], [])
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    check_apart([tmp_path / "loop"], [tmp_path / "a"])
