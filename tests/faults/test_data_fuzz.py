"""Mutated data of others through every reader: refused in a line, or read as an array.

`SAMN_FUZZ_EXAMPLES=3000` makes the run long; the examples are the same each time.
"""

import io
import json
import struct
import zlib

import cv2
import hypothesis
import numpy as np
import pytest
from PIL import Image

from samn_jax.data.clips import folder as training
from samn_jax.data.formats import (
    boxes,
    codecs,
    images,
    palette,
    vot_binary,
    vot_regions,
    vot_results,
)
from samn_jax.data.readers import (
    davis,
    davis17,
    folder,
    got10k,
    otb,
    trackingnet,
    vot,
    youtube_vos,
)
from tests.data import blobs
from tests.data.formats import test_palette
from tests.faults import mutations

FRAME, IDS = blobs.picture(0)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
BOXES = "1,1,4,4\n2,1,4,4\n3,1,4,4\n"
REGIONS = "1\n1,1,4,4\n0,0,4,0,4,4\nm1,2,4,3,2,3,7\n2\n"
DESCRIPTION = "channels.color=color/%08d.jpg\nlength=3\nheight=40\nwidth=56\n"
META = {"videos": {"walk": {"objects": {"1": {"category": "cow", "frames": ["0"]}}}}}


def encoded(picture, form, **settings):
    file = io.BytesIO()
    picture.save(file, form, **settings)
    return file.getvalue()


def jpegs():
    exif = Image.Exif()
    exif[0x112] = 6
    picture = Image.fromarray(FRAME)
    yield encoded(picture, "JPEG")
    yield encoded(picture, "JPEG", progressive=True)
    yield encoded(picture.convert("L"), "JPEG", exif=exif)
    yield encoded(picture.convert("CMYK"), "JPEG")


def pngs():
    picture = Image.fromarray(FRAME)
    yield palette.encode_indices(IDS)
    yield test_palette.indexed_png(IDS[:7, :13], 2)
    yield encoded(picture, "PNG")
    yield encoded(picture.convert("LA"), "PNG")
    yield encoded(picture.quantize(9), "PNG", transparency=b"\x00\x80")
    yield cv2.imencode(".png", IDS.astype(np.uint16))[1].tobytes()


def with_right_checksums(png):
    """Returns the file with checksums that fit, so that damage gets past them."""
    parts, at = [SIGNATURE], len(SIGNATURE)
    while at + 8 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        body = png[at + 4 : at + 8 + length]
        checksum = struct.pack(">I", zlib.crc32(body))
        parts += [png[at : at + 4], body, checksum]
        at += 12 + length
    return b"".join(parts)


def read_all(read):
    """Calls a reader, and reads the frames and masks of what it returns."""
    with mutations.only_input_errors():
        for sequence in read().sequences:
            for index in range(min(sequence.num_frames, 3)):
                with mutations.only_input_errors():
                    assert sequence.frame(index).ndim == 3
                with mutations.only_input_errors():
                    sequence.mask(index)


@mutations.fuzz
@hypothesis.given(mutations.damaged(*jpegs()))
def test_jpegs(data):
    with mutations.only_input_errors():
        frame = images.decode_frame(data, "a.jpg")
        assert frame.dtype == np.uint8 and frame.ndim == 3 and frame.size
    with mutations.only_input_errors():
        assert images.decode_mask(data, "a.jpg").max() <= 32


@mutations.fuzz
@hypothesis.given(mutations.damaged(*pngs()))
@pytest.mark.parametrize("checksums", ["as they are", "right"])
def test_pngs(checksums, data):
    if checksums == "right" and data.startswith(SIGNATURE):
        data = with_right_checksums(data)
    with mutations.only_input_errors():
        frame = images.decode_frame(data, "a.png")
        assert frame.dtype == np.uint8 and frame.shape[2] == 3
        assert frame.shape[0] * frame.shape[1] <= codecs.MAX_PIXELS
    with mutations.only_input_errors():
        ids = images.decode_mask(data, "a.png")
        assert ids.dtype == np.uint8 and ids.ndim == 2 and ids.max() <= 32


@mutations.fuzz
@hypothesis.given(
    mutations.damaged(
        encoded(Image.fromarray(FRAME), "WEBP"),
        encoded(Image.fromarray(FRAME), "WEBP", lossless=True),
        encoded(Image.fromarray(FRAME), "BMP"),
        encoded(Image.fromarray(FRAME).quantize(9), "BMP"),
    )
)
def test_other_pictures(data):
    with mutations.only_input_errors():
        assert images.decode_frame(data, "a.webp").ndim == 3


@mutations.fuzz
@hypothesis.given(mutations.damaged_text(BOXES, "1\t2\t3\t4\n"))
def test_boxes(tmp_path, data):
    path = tmp_path / "boxes.txt"
    path.write_bytes(data)
    with mutations.only_input_errors():
        assert np.isfinite(boxes.read_boxes(path)).all()


@mutations.fuzz
@hypothesis.given(mutations.damaged_text(REGIONS))
def test_regions(tmp_path, data):
    path = tmp_path / "walk_001.txt"
    path.write_bytes(data)
    with mutations.only_input_errors():
        for region in vot_regions.read_regions(path):
            vot_regions.bounding_box(region)
            vot_regions.as_mask(region, (40, 56))


def binary_regions():
    """Returns a code, a box, a triangle and a mask in the toolkit's binary form."""
    code, box = struct.pack("<BI", 0, 1), struct.pack("<B4f", 1, 1, 2, 3, 4)
    polygon = struct.pack("<BH6f", 2, 3, 1, 1, 4, 1, 4, 5)
    mask = struct.pack("<BhhHHHHHH", 3, 1, 2, 4, 3, 3, 2, 3, 7)
    return struct.pack("<hI", 1, 4) + code + box + polygon + mask


@mutations.fuzz
@hypothesis.given(mutations.damaged(binary_regions()))
def test_binary_regions(tmp_path, data):
    path = tmp_path / "walk_001.bin"
    path.write_bytes(data)
    with mutations.only_input_errors():
        vot_results.read_trajectory(path, 4)


def test_the_binary_regions_are_good_ones():
    assert len(vot_binary.decode_regions(binary_regions())) == 4


@mutations.fuzz
@hypothesis.given(
    mutations.damaged_text(
        "/JPEGImages/480p/walk/00000.jpg /Annotations/480p/walk/00000.png\n"
        "/JPEGImages/480p/walk/00001.jpg /Annotations/480p/walk/00001.png\n",
        "walk\nrun\n",
    )
)
def test_lists_of_davis(tmp_path, data):
    if not (tmp_path / "JPEGImages").is_dir():
        blobs.write_clip(tmp_path, "walk", 2, suffix="480p")
        blobs.write_clip(tmp_path, "run", 2, suffix="480p")
    for name in ("480p/val.txt", "2017/val.txt", "2017/train.txt"):
        path = tmp_path / "ImageSets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    read_all(lambda: davis.read_davis16(tmp_path))
    read_all(lambda: davis17.read_davis17(tmp_path))
    with mutations.only_input_errors():
        training.read_folder(tmp_path)


@mutations.fuzz
@hypothesis.given(mutations.damaged_json(META))
def test_meta_of_youtube_vos(tmp_path, data):
    if not (tmp_path / "JPEGImages").is_dir():
        blobs.write_clip(tmp_path, "walk", 2)
    (tmp_path / "meta.json").write_bytes(data)
    read_all(lambda: youtube_vos.read_youtube_vos(tmp_path))


@mutations.fuzz
@hypothesis.given(mutations.damaged_text(BOXES), mutations.damaged_text("walk\n"))
@pytest.mark.parametrize("reader", ["otb", "got10k", "trackingnet"])
def test_box_benchmarks(tmp_path, reader, truths, names):
    frames = {"otb": "walk/img", "got10k": "walk", "trackingnet": "frames/walk"}
    truth = {"otb": "walk/groundtruth_rect.txt", "got10k": "walk/groundtruth.txt"}
    if not (tmp_path / frames[reader]).is_dir():
        for index in range(1, 4):
            path = tmp_path / frames[reader] / f"{index}.jpg"
            blobs.write(path, tmp_path / "masks" / f"{index}.png")
        (tmp_path / "anno").mkdir()
    (tmp_path / truth.get(reader, "anno/walk.txt")).write_bytes(truths)
    (tmp_path / "list.txt").write_bytes(names)
    # Half of the labels are good ones, or no reader would get past them.
    good = {"cover.label": b"8\n" * 3, "meta_info.ini": b"resolution: (56, 40)\n"}
    for name, content in good.items():
        (tmp_path / "walk").mkdir(exist_ok=True)
        given = truths if len(names) % 2 else content
        (tmp_path / "walk" / name).write_bytes(given)
    module = {"otb": otb, "got10k": got10k, "trackingnet": trackingnet}[reader]
    read_all(lambda: getattr(module, f"read_{reader}")(tmp_path))


@mutations.fuzz
@hypothesis.given(
    mutations.damaged_text(BOXES, "m1,2,4,3,2,3,7\n" * 3),
    mutations.damaged_text(DESCRIPTION),
    mutations.damaged_text("1\n0\n-1\n"),
)
def test_vot(tmp_path, truths, description, anchors):
    clip = tmp_path / "walk"
    if not clip.is_dir():
        for index in range(1, 4):
            path = clip / "color" / f"{index:08d}.jpg"
            blobs.write(path, clip / "masks" / f"{index}.png")
    (clip / "groundtruth.txt").write_bytes(truths)
    (clip / "sequence").write_bytes(description)
    (clip / "anchor.value").write_bytes(anchors)
    (tmp_path / "list.txt").write_text("walk\n")
    read_all(lambda: vot.read_vot(tmp_path))


@mutations.fuzz
@hypothesis.given(mutations.damaged(*jpegs(), *pngs()), mutations.damaged(*pngs()))
def test_own_folders_with_one_damaged_pair(tmp_path, frame, mask):
    if not (tmp_path / "JPEGImages").is_dir():
        blobs.write_clip(tmp_path, "walk", 2)
    (tmp_path / "JPEGImages/walk/00000.jpg").write_bytes(frame)
    (tmp_path / "Annotations/walk/00000.png").write_bytes(mask)
    read_all(lambda: folder.read_folder(tmp_path))
    for photo in training.read_folder(tmp_path).videos[0].frames:
        with mutations.only_input_errors():
            image, ids = photo.load()
            assert image.shape[:2] == ids.shape


def test_right_checksums_let_a_changed_pixel_through():
    png = bytearray(palette.encode_indices(IDS))
    png[16:24] = struct.pack(">II", 56, 8)  # fewer rows than there are
    with pytest.raises(images.errors.InputError):
        images.decode_mask(bytes(png), "a.png")
    ids = images.decode_mask(with_right_checksums(bytes(png)), "a.png")
    np.testing.assert_array_equal(ids, IDS[:8])


def test_the_originals_are_good_ones(tmp_path):
    for data in (*jpegs(), *pngs()):
        assert images.decode_frame(data, "a").ndim == 3
    assert json.loads(json.dumps(META)) == META
    (tmp_path / "a.txt").write_text(REGIONS)
    assert len(vot_regions.read_regions(tmp_path / "a.txt")) == 5
