import os

import hypothesis
import pytest
from hypothesis import strategies as st

from samn_jax.data.formats import listing
from samn_jax.errors import InputError


def touch(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()


def test_frames_come_as_people_count(tmp_path):
    touch(tmp_path, "10.png", "2.jpg", "1.JPG", "0.webp", "notes.txt", ".3.jpg")
    (tmp_path / "4.jpg").mkdir()
    names = [path.name for path in listing.list_frames(tmp_path)]
    assert names == ["0.webp", "1.JPG", "2.jpg", "10.png"]


@hypothesis.given(st.sets(st.integers(0, 10**9), min_size=2))
def test_numbers_of_any_width_are_in_order(numbers):
    names = sorted((f"shot{number}b" for number in numbers), key=listing.natural_key)
    assert names == [f"shot{number}b" for number in sorted(numbers)]


@hypothesis.given(st.lists(st.text("ab01 .é²", max_size=6)))
def test_any_names_can_be_ordered_and_padding_keeps_that_of_text(names):
    ordered = sorted(names, key=listing.natural_key)
    assert sorted(ordered[::-1], key=listing.natural_key) == ordered
    padded = [f"{len(name):03d}{name}" for name in names]
    by_text = sorted(f"{number:05d}" for number in range(len(padded)))
    assert sorted(by_text, key=listing.natural_key) == by_text


@pytest.mark.parametrize("other", ["00000.jpeg", "00000.png", "00000.JPG"])
def test_two_files_for_one_frame_are_refused(tmp_path, other):
    touch(tmp_path, "00000.jpg", other)
    with pytest.raises(InputError, match="has both 00000.* and 00000.* for one frame"):
        listing.list_frames(tmp_path)


def test_links_are_frames_and_folders(tmp_path):
    touch(tmp_path / "elsewhere", "a.jpg")
    clip = tmp_path / "clip"
    clip.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/b.jpg").symlink_to(tmp_path / "elsewhere/a.jpg")
    assert [path.stem for path in listing.list_frames(clip)] == ["a", "b"]
    assert [path.name for path in listing.list_folders(tmp_path)] == [
        "clip",
        "elsewhere",
    ]


def test_missing_and_circular_folders_are_named(tmp_path):
    with pytest.raises(InputError, match="folder .*nowhere is missing"):
        listing.list_frames(tmp_path / "nowhere")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(InputError, match="circle can't be read, its symbolic links"):
        listing.list_frames(tmp_path / "circle")
    with pytest.raises(InputError, match="its name is too long"):
        listing.list_frames(tmp_path / ("x" * 300))
    # A link to nothing is still a frame: it is missed when it is read.
    (tmp_path / "0.jpg").symlink_to(tmp_path / "gone.jpg")
    assert [path.name for path in listing.list_frames(tmp_path)] == ["0.jpg"]


def test_names_with_control_characters_are_refused_escaped(tmp_path):
    (tmp_path / "a\nb").mkdir()
    with pytest.raises(InputError, match=r"a\\nb holds control characters"):
        listing.list_folders(tmp_path)
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "0\x1b[31m.jpg").touch()
    with pytest.raises(InputError, match=r"0\\x1b\[31m holds control characters"):
        listing.list_frames(tmp_path / "clip")


def test_undecodable_names_are_refused(tmp_path):
    (tmp_path / os.fsdecode(b"\xff.jpg")).touch()
    with pytest.raises(InputError) as caught:
        listing.list_frames(tmp_path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n../b\n", "video ../b begins|is empty or begins with a dot"),
        ("/etc/passwd\n", "is a path"),
        ("a\na/b\n", "a/b is a path"),
        ("a\nb\na\n", "names a twice"),
        ("\n \n", "names no video"),
        ("x" * 256, "is longer than 230 bytes"),
    ],
)
def test_bad_lists_are_refused(tmp_path, text, message):
    path = tmp_path / "list.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        listing.read_names(path, "video")
    assert "list.txt" in str(caught.value)


def test_lists_keep_their_order_and_names_with_spaces(tmp_path):
    path = tmp_path / "list.txt"
    path.write_bytes("\ufeffb a\r\n\r\nc\n".encode())
    assert listing.read_names(path, "video") == ["b a", "c"]
