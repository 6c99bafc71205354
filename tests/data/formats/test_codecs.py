import io

import cv2
import numpy as np
import pytest
from PIL import Image

from samn_jax.data.formats import codecs
from tests.data.formats import test_palette

NOISE = np.random.default_rng(0).integers(0, 255, (24, 32, 3)).astype(np.uint8)
PHOTO = cv2.resize(NOISE, (160, 120), interpolation=cv2.INTER_CUBIC)


def encode(picture, form, **settings):
    encoded = io.BytesIO()
    picture.save(encoded, form, **settings)
    return encoded.getvalue()


def kinds_of_png():
    picture = Image.fromarray(PHOTO)
    few = picture.quantize(16)
    alpha = picture.convert("L")
    deep = np.random.default_rng(1).integers(0, 2**16, (24, 32, 3)).astype(np.uint16)
    return {
        "rgb": encode(picture, "PNG"),
        "gray": encode(alpha, "PNG"),
        "binary": encode(alpha.convert("1"), "PNG"),
        "gray_alpha": encode(Image.merge("LA", (alpha, alpha)), "PNG"),
        "rgb_alpha": encode(Image.merge("RGBA", (*picture.split(), alpha)), "PNG"),
        "indexed": encode(few, "PNG"),
        "indexed_alpha": encode(few, "PNG", transparency=3),
        "deep": cv2.imencode(".png", deep)[1].tobytes(),
    }


@pytest.mark.parametrize("kind", kinds_of_png())
def test_every_kind_of_png_is_rgb_as_opencv_has_it(kind):
    data = kinds_of_png()[kind]
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(codecs.decode_rgb(data), expected)


def test_deep_gray_keeps_its_upper_eight_bits():
    gray = np.array([[0, 255, 256, 65535]], np.uint16)
    data = cv2.imencode(".png", gray)[1].tobytes()
    expected = np.repeat(np.array([[[0], [0], [1], [255]]], np.uint8), 3, axis=2)
    np.testing.assert_array_equal(codecs.decode_rgb(data), expected)
    with pytest.raises(ValueError, match="more than 8 bits"):
        codecs.decode_stored(data)


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "BMP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_other_forms_equal_opencv_too(form, mode):
    data = encode(Image.fromarray(PHOTO).convert(mode), form)
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(codecs.decode_rgb(data), expected)


@pytest.mark.parametrize("orientation", range(10))
def test_jpeg_orientations_are_followed_as_opencv_does(orientation):
    exif = Image.Exif()
    exif[0x112] = orientation
    data = encode(Image.fromarray(PHOTO), "JPEG", exif=exif)
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    found = codecs.decode_rgb(data)
    np.testing.assert_array_equal(found, expected)
    assert found.flags.c_contiguous


def test_a_damaged_orientation_is_no_orientation():
    exif = Image.Exif()
    exif[0x112] = 6
    data = encode(Image.fromarray(PHOTO), "JPEG", exif=exif)
    at = data.index(b"Exif") + 6
    broken = data[:at] + b"\xff" * 8 + data[at + 8 :]
    assert codecs.decode_rgb(broken).shape == PHOTO.shape


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.99])
def test_cut_files_are_refused(form, kept):
    data = encode(Image.fromarray(PHOTO), form)
    with pytest.raises(ValueError, match="damaged or cut short"):
        codecs.decode_rgb(data[: int(kept * len(data))])


def test_other_files_are_refused():
    for data in (b"", b"not an image", b"GIF89a"):
        with pytest.raises(ValueError, match="is not an image"):
            codecs.decode_rgb(data)


def test_no_flipped_bit_of_a_png_changes_a_pixel_unseen():
    data = encode(Image.fromarray(PHOTO[:8, :8]), "PNG")
    seen = 0
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 16
        try:
            found = codecs.decode_rgb(bytes(damaged))
        except ValueError:
            seen += 1
        else:
            np.testing.assert_array_equal(found, PHOTO[:8, :8])
    assert seen >= len(data) - 12  # all but the end marker, which has nothing to say


def test_indices_come_with_their_palette():
    indices = np.arange(16, dtype=np.uint8).reshape(4, 4) // 8
    stored = codecs.decode_stored(test_palette.indexed_png(indices))
    np.testing.assert_array_equal(stored.pixels, indices)
    np.testing.assert_array_equal(stored.palette, [[0, 0, 0], [128, 0, 0]])


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_stored_gray_is_gray(mode):
    binary = Image.fromarray((PHOTO[..., 0] > 128) * np.uint8(255)).convert(mode)
    stored = codecs.decode_stored(encode(binary, "PNG"))
    assert stored.palette is None
    np.testing.assert_array_equal(stored.pixels, (PHOTO[..., 0] > 128) * 255)


def test_alpha_is_left_out_of_stored_colors():
    picture = Image.fromarray(PHOTO)
    picture.putalpha(7)
    stored = codecs.decode_stored(encode(picture, "PNG"))
    np.testing.assert_array_equal(stored.pixels, PHOTO)
