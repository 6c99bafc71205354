"""Draws docs/strip.png, the README's picture: two rendered clips tracked by `lite`.

Run it in the repository's root: python docs/strip.py. Frames come from
`samn_jax.data.readers.synthetic`; the first frame's mask is given, all others are what
the tracker answers.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import samn_jax
from samn_jax import compilation, visualize
from samn_jax.data.readers import synthetic

CLIPS = ("hidden", "turning")
FRAMES = (0, 10, 20, 30, 38)
COLORS = {"plate": (22, 24, 29), "text": (228, 230, 235), "line": (120, 126, 138)}
GIVEN, TRACKED = 2, 1  # numbers of colors of `visualize.object_color`
TILE = (300, 225)  # width and height of a frame in the strip, px
MARGIN, GAP, FOOT = 18, 10, 44  # px
_DRAWN_AT = 3  # times the frame's size, so that outlines are smooth


def main() -> None:
    """Writes the strip and prints the mean overlap with the truth of each clip."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(__file__).with_name("strip.png")
    parser.add_argument("--output", type=Path, default=default)
    output = parser.parse_args().output
    compilation.keep_compiled()
    tracker = samn_jax.Tracker.from_checkpoint("lite")
    strip = draw_strip({name: track(tracker, name) for name in CLIPS})
    strip.quantize(256, dither=Image.Dither.NONE).save(output, optimize=True)
    print(f"wrote {output}, {output.stat().st_size // 1000} KB, {strip.size}")


def track(
    tracker: samn_jax.Tracker, name: str
) -> dict[int, tuple[UInt8[np.ndarray, "H W 3"], Float[np.ndarray, "H W"]]]:
    """Returns frame and object probability of each frame that is shown."""
    clips = synthetic.read_synthetic().sequences
    clip = next(clip for clip in clips if clip.name == name)
    state, shown, overlaps = None, {}, []
    for index in range(FRAMES[-1] + 1):
        frame, truth = clip.read_frame(index), clip.read_mask(index)
        if state is None:
            state, _ = tracker.init(frame, mask=truth)
            answer = truth.astype(np.float32)
        else:
            state, out = tracker.step(state, frame)
            answer = np.asarray(out.mask, np.float32)
            overlaps.append(overlap(answer > 0.5, truth > 0))
        if index in FRAMES:
            shown[index] = frame, answer
    print(f"{name}: J {np.mean(overlaps):.3f}, least {np.min(overlaps):.3f}")
    return shown


def overlap(ours: np.ndarray, truth: np.ndarray) -> float:
    """Returns intersection over union; 1 if both are empty."""
    union = np.count_nonzero(ours | truth)
    return np.count_nonzero(ours & truth) / union if union else 1.0


def draw_tile(frame: np.ndarray, mask: np.ndarray, color: int) -> Image.Image:
    """Returns the frame with its object tinted and outlined, in the strip's size."""
    height, width = (side * _DRAWN_AT for side in mask.shape)
    large = cv2.resize(frame, (width, height), interpolation=cv2.INTER_CUBIC)
    mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    mask = cv2.GaussianBlur(mask, (0, 0), _DRAWN_AT)
    ids = np.where(mask > 0.5, color, 0).astype(np.uint8)
    drawn = visualize.draw_objects(large, ids, {})
    outlines, _ = cv2.findContours(
        (ids > 0).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(drawn, outlines, -1, visualize.object_color(color), 6)
    return Image.fromarray(cv2.resize(drawn, TILE, interpolation=cv2.INTER_AREA))


def draw_strip(clips: dict[str, dict]) -> Image.Image:
    """Returns the picture: a row for each clip, time from left to right."""
    row = TILE[1] + FOOT
    width = 2 * MARGIN + len(FRAMES) * TILE[0] + (len(FRAMES) - 1) * GAP
    strip = Image.new("RGB", (width, 2 * MARGIN + len(clips) * row), COLORS["plate"])
    pen = ImageDraw.Draw(strip)
    for number, shown in enumerate(clips.values()):
        top = MARGIN + number * row
        for column, (index, (frame, mask)) in enumerate(shown.items()):
            left = MARGIN + column * (TILE[0] + GAP)
            color = TRACKED if index else GIVEN
            strip.paste(draw_tile(frame, mask, color), (left, top))
            if not index:
                _frame_given(pen, left, top)
        seen = [bool((mask > 0.5).any()) for _, mask in shown.values()]
        _draw_time(pen, top + TILE[1] + 14, width, seen)
    return strip


def _frame_given(pen: ImageDraw.ImageDraw, left: int, top: int) -> None:
    """Marks the first frame: its mask is the input."""
    color = visualize.object_color(GIVEN)
    right, bottom = left + TILE[0] - 1, top + TILE[1] - 1
    pen.rectangle((left, top, right, bottom), outline=color, width=3)
    pen.rectangle((left, top, left + 98, top + 25), fill=color)
    pen.text(
        (left + 49, top + 13), "mask given", COLORS["plate"], _font(16), anchor="mm"
    )


def _draw_time(pen: ImageDraw.ImageDraw, y: int, width: int, seen: list[bool]) -> None:
    """Draws the arrow of time under a row, with the frames' numbers."""
    end = width - MARGIN
    pen.line((MARGIN, y, end - 8, y), COLORS["line"], 2)
    pen.polygon(((end, y), (end - 12, y - 6), (end - 12, y + 6)), COLORS["line"])
    for column, index in enumerate(FRAMES):
        x = MARGIN + column * (TILE[0] + GAP) + TILE[0] // 2
        color = visualize.object_color(TRACKED if index else GIVEN)
        pen.ellipse((x - 5, y - 5, x + 5, y + 5), color)
        text = f"frame {index}" + ("" if seen[column] else ": out of sight")
        pen.text((x, y + 17), text, COLORS["text"], _font(15), anchor="mm")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


if __name__ == "__main__":
    main()
