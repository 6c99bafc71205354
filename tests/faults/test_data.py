"""Damaged pictures, hostile names and odd folders: cases of a trial by bad inputs.

Each ended with a traceback, a wrong result or a message of no help at commit ccfdae4.
The commands are the product's; `copy_first` stands for a tracker.
"""

import json
import struct
import zlib

import cv2
import numpy as np
import pytest

import evaluate
from tests.data import blobs

IDS = blobs.picture(0)[1]
JUDO = "JPEGImages/480p/judo", "Annotations/480p/judo"


@pytest.fixture
def run(tmp_path, capsys):
    """Returns status and last line of the errors of an evaluation."""

    def run_once(dataset, data, *more):
        out = tmp_path / "out"
        command = ["--dataset", dataset, "--data_dir", str(data), *more]
        command += ["--tracker", "copy_first", "--output_dir", str(out)]
        status = evaluate.main(command)
        error = capsys.readouterr().err.strip()
        return status, (error.splitlines() or [""])[-1]

    return run_once


def assert_refused(result, *words):
    status, line = result
    assert status != 0 and line.startswith("error: ") and line.isprintable()
    assert all(word in line for word in words), line


def write_own(data, name="walk", count=3):
    blobs.write_clip(data, name, count)
    return data / "JPEGImages" / name, data / "Annotations" / name


def write_list(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def files_below(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# 2: names that lead out of the output folder.

BAD_NAMES = ("..", "../judo", "../../../data/Annotations/480p/judo", "/tmp/judo", "a/b")


@pytest.mark.parametrize("name", BAD_NAMES)
def test_2_names_of_davis17_stay_in_the_output(run, tmp_path, name):
    data = tmp_path / "data"
    blobs.write_clip(data, "judo", suffix="480p")
    write_list(data / "ImageSets/2017/val.txt", f"judo\n{name}\n")
    before = files_below(tmp_path)
    assert_refused(run("davis17", data), "val.txt", "video", name, "rename it")
    assert before == {p: files_below(tmp_path)[p] for p in before}


@pytest.mark.parametrize(
    "line",
    [
        "/JPEGImages/480p/../00000.jpg /Annotations/480p/judo/00000.png",
        "/JPEGImages/480p/judo/00000.jpg /../../etc/passwd",
        "/JPEGImages/480p/../../Annotations/480p/judo/0.jpg /Annotations/a/0.png",
        "00000.jpg 00000.png",
    ],
)
def test_2_paths_of_davis16_stay_in_the_data(run, tmp_path, line):
    data = tmp_path / "data"
    blobs.write_clip(data, "judo", suffix="480p")
    write_list(data / "ImageSets/480p/val.txt", line + "\n")
    before = files_below(data)
    assert_refused(run("davis16", data), "val.txt, line 1")
    assert files_below(data) == before


@pytest.mark.parametrize("name", BAD_NAMES)
def test_2_names_of_youtube_vos_stay_in_the_output(run, tmp_path, name):
    data = tmp_path / "data"
    write_own(data, "judo")
    objects = {"objects": {"1": {"category": "cow"}}}
    (data / "meta.json").write_text(json.dumps({"videos": {name: objects}}))
    assert_refused(run("youtubevos", data), "meta.json", "video", name, "rename it")


@pytest.mark.parametrize("number", ["0", "-1", "256", "99999999999999999999", "x"])
def test_2_objects_of_youtube_vos_are_ids(run, tmp_path, number):
    data = tmp_path / "data"
    write_own(data, "judo")
    objects = {"objects": {number: {"category": "cow"}}}
    (data / "meta.json").write_text(json.dumps({"videos": {"judo": objects}}))
    assert_refused(run("youtubevos", data), "meta.json", "copy")


@pytest.mark.parametrize("dataset", ["vot2018", "got10k"])
@pytest.mark.parametrize("name", BAD_NAMES)
def test_2_names_of_box_lists_stay_in_the_output(run, tmp_path, dataset, name):
    data = tmp_path / "data"
    (data / "judo").mkdir(parents=True)
    write_list(data / "list.txt", name + "\n")
    assert_refused(run(dataset, data), "list.txt", "video", name, "rename it")


@pytest.mark.parametrize("pattern", ["../%08d.jpg", "/etc/%d", "%d%s", "%d%d", "x"])
def test_2_frames_of_vot_stay_in_their_folder(run, tmp_path, pattern):
    clip = tmp_path / "data/judo"
    write_list(clip / "groundtruth.txt", "1,1,4,4\n")
    write_list(clip / "sequence", f"channels.color={pattern}\nheight=9\nwidth=9\n")
    assert_refused(run("vot2018", tmp_path / "data"), "channels.color", pattern)


def test_2_links_inside_the_data_are_fine(run, tmp_path):
    blobs.write_clip(tmp_path / "elsewhere", "walk")
    (tmp_path / "data").mkdir()
    for name in ("JPEGImages", "Annotations"):
        (tmp_path / "data" / name).symlink_to(tmp_path / "elsewhere" / name)
    assert run("folder", tmp_path / "data")[0] == 0


# 9: pictures that are damaged, of another order, or not what they seem.


def test_9_frames_come_as_people_count(run, tmp_path):
    frames, masks = write_own(tmp_path / "data")
    for folder, suffix in ((frames, "jpg"), (masks, "png")):
        for index, name in ((2, "10"), (1, "9"), (0, "2")):
            (folder / f"{index:05d}.{suffix}").rename(folder / f"{name}.{suffix}")
    (masks / "10.png").unlink()
    assert run("folder", tmp_path / "data") == (0, "")


def test_9_two_files_for_one_frame_are_refused(run, tmp_path):
    frames, _ = write_own(tmp_path / "data")
    data = (frames / "00000.jpg").read_bytes()
    (frames / "00000.jpeg").write_bytes(data)
    result = run("folder", tmp_path / "data")
    assert_refused(result, "00000.jpeg", "00000.jpg", "remove one")


def test_9_damaged_scan_data_is_seen(run, tmp_path):
    frames, _ = write_own(tmp_path / "data")
    data = bytearray((frames / "00001.jpg").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = b"\x11" * 40
    assert data.endswith(b"\xff\xd9")
    (frames / "00001.jpg").write_bytes(data)
    result = run("folder", tmp_path / "data")
    assert_refused(result, "00001.jpg is damaged", "copy it again")


def test_9_half_a_scan_with_an_end_marker_is_seen(run, tmp_path):
    frames, _ = write_own(tmp_path / "data")
    data = (frames / "00001.jpg").read_bytes()
    (frames / "00001.jpg").write_bytes(data[: len(data) // 2] + b"\xff\xd9")
    assert_refused(run("folder", tmp_path / "data"), "00001.jpg is damaged")


def test_9_data_after_the_end_of_a_jpeg_is_fine(run, tmp_path):
    frames, _ = write_own(tmp_path / "data")
    with (frames / "00001.jpg").open("ab") as file:
        file.write(bytes(5000))
    assert run("folder", tmp_path / "data") == (0, "")


@pytest.mark.parametrize(
    ("levels", "named"),
    [
        ((0, 64, 192), "0, 64, 192"),
        ((0, 1, 255), "0, 1, 255"),
        ((64, 192, 192), "64, 192"),
        ((0, 100, 200), "0, 100, 200"),
    ],
)
def test_9_gray_objects_are_not_dropped(run, tmp_path, levels, named):
    _, masks = write_own(tmp_path / "data")
    stored = np.array(levels, np.uint8)[IDS]
    cv2.imwrite(str(masks / "00000.png"), stored)
    result = run("folder", tmp_path / "data")
    assert_refused(result, "00000.png", f"gray levels {named},", "0 and 255")


# 10: malformed PNG files and paths.


def chunk(kind, content):
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def png(width, height, color_type, *chunks, header_size=13):
    header = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    pixels = zlib.compress(bytes(9 * 8))
    parts = (chunk(b"IHDR", header[:header_size]), *chunks, chunk(b"IDAT", pixels))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (png(8, 8, 3), "indices but no palette"),
        (png(8, 8, 3, header_size=9), "damaged"),
        (png(8, 8, 0, header_size=9), "damaged"),
        (png(60000, 60000, 0), "60000 pixels high and 60000 wide"),
        (png(60000, 60000, 3, chunk(b"PLTE", bytes(9))), "60000 pixels high"),
        (png(0, 0, 0), "damaged"),
    ],
)
def test_10_malformed_masks_are_one_line(run, tmp_path, content, said):
    _, masks = write_own(tmp_path / "data")
    (masks / "00000.png").write_bytes(content)
    assert_refused(run("folder", tmp_path / "data"), "00000.png", said, "again")


@pytest.mark.parametrize("color_type", [0, 2])
def test_10_frames_too_large_to_decode_are_one_line(run, tmp_path, color_type):
    frames, _ = write_own(tmp_path / "data")
    (frames / "00001.jpg").unlink()
    (frames / "00001.png").write_bytes(png(60000, 60000, color_type))
    assert_refused(run("folder", tmp_path / "data"), "00001.png", "60000 wide")


def test_10_circular_links_are_one_line(run, tmp_path):
    frames, masks = write_own(tmp_path / "data")
    for path in (masks / "00000.png", frames / "00001.jpg"):
        content = path.read_bytes()
        path.unlink()
        path.symlink_to(path)
        result = run("folder", tmp_path / "data")
        assert_refused(result, path.name, "symbolic links lead in a circle")
        path.unlink()
        path.write_bytes(content)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert_refused(run("folder", tmp_path / "loop"), "loop")


@pytest.mark.parametrize("dataset", ["folder", "davis16", "davis17", "youtubevos"])
def test_10_paths_of_over_255_characters_are_one_line(run, tmp_path, dataset):
    assert_refused(run(dataset, tmp_path / ("x" * 300)), "xxx")


# 13: messages that name the file, say height and width, and give the cure.


def test_13_a_mask_of_another_size_is_named_with_both_sizes(run, tmp_path):
    _, masks = write_own(tmp_path / "data")
    cv2.imwrite(str(masks / "00000.png"), IDS[:-4])
    result = run("folder", tmp_path / "data")
    sizes = ("36 pixels high and 56 wide", "40 pixels high and 56 wide")
    assert_refused(result, str(masks / "00000.png"), *sizes)


def test_13_an_empty_mask_is_named(run, tmp_path):
    _, masks = write_own(tmp_path / "data")
    cv2.imwrite(str(masks / "00000.png"), IDS * 0)
    result = run("folder", tmp_path / "data")
    assert_refused(result, f"{masks / '00000.png'} is empty", "mark at least one pixel")


def test_13_a_folder_as_mask_is_called_one(run, tmp_path):
    _, masks = write_own(tmp_path / "data")
    (masks / "00000.png").unlink()
    (masks / "00000.png").mkdir()
    assert_refused(run("folder", tmp_path / "data"), "00000.png is a folder")


def test_13_names_are_shown_escaped(run, tmp_path):
    frames, _ = write_own(tmp_path / "data")
    frames.rename(frames.with_name("wa\n\x1b[31mlk"))
    assert_refused(run("folder", tmp_path / "data"), r"wa\n\x1b[31mlk", "rename it")
