"""A tracker driven through TraX by a real client, in a process of its own."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from samn_jax.data.formats import vot_regions as regions

trax = pytest.importorskip("trax", reason="needs the extra 'vot'")
client_lib = pytest.importorskip("trax.client")
image_lib = pytest.importorskip("trax.image")

from samn_jax.toolkits import trax_server  # noqa: E402

PROGRAM = """
from samn_jax.toolkits import vot
vot.run("copy_first", "", answer={answer!r}, sizes=((30, 40),))
"""
MASK = np.zeros((30, 40), bool)
MASK[12:20, 8:18], MASK[12, 8] = True, False


@pytest.fixture
def frame(tmp_path):
    path = tmp_path / "0.png"
    cv2.imwrite(str(path), np.zeros((30, 40, 3), np.uint8))
    return {"color": image_lib.FileImage.create(str(path))}


def _answers(answer, frame, start):
    """Regions, in our form, of the first frame and the one after it."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(answer=answer)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        pipes = process.stdin.fileno(), process.stdout.fileno()
        client = client_lib.Client(stream=pipes, log=lambda text: None)
        given = [(trax_server.to_trax(start), {})]
        first, _ = client.initialize(frame, given, {})
        second, _ = client.frame(frame, {}, [])
        client.quit()
    assert process.returncode == 0
    (region, properties), _ = second[0], first[0]
    assert float(dict(properties.items())["confidence"]) == 1.0
    return trax_server.from_trax(first[0][0]), trax_server.from_trax(region)


def test_masks_come_cropped_and_go_back_the_same(frame):
    start = regions.crop_mask(MASK)
    for answer in _answers("mask", frame, start):
        np.testing.assert_array_equal(regions.paste_mask(answer, (30, 40)), MASK)


def test_boxes_come_and_go_as_boxes(frame):
    start = np.array([8.5, 12.25, 10, 7.5])
    for answer in _answers("box", frame, start):
        np.testing.assert_allclose(answer, start)


def test_a_polygon_starts_as_an_upright_box(frame):
    start = np.array([10.0, 6, 14, 10, 10, 14, 6, 10])
    for answer in _answers("polygon", frame, start):
        assert answer.shape == (8,)
        box = regions.bounding_box(answer)
        np.testing.assert_allclose(box, regions.upright_box(start), atol=1e-4)


@pytest.mark.parametrize(
    "region",
    [
        regions.crop_mask(MASK),
        np.array([1.5, 2, 3, 4.25]),
        np.array([1.0, 2, 5, 3, 4, 6]),
        np.array([0.0, 0, 0, 0]),
    ],
)
def test_regions_survive_the_way_there_and_back(region):
    back = trax_server.from_trax(trax_server.to_trax(region))
    for value, expected in zip(back, region, strict=True):
        np.testing.assert_array_equal(value, expected)


def test_an_empty_mask_has_no_pixel_on_the_other_side():
    empty = regions.crop_mask(np.zeros((5, 5), bool))
    assert regions.is_empty(trax_server.from_trax(trax_server.to_trax(empty)))


def test_a_code_is_no_start():
    with pytest.raises(ValueError, match="special region has no pixels"):
        trax_server.from_trax(trax.region.Special.create(1))
