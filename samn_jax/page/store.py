"""A session as a file: a zip archive of JSON and PNGs, read with suspicion."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.page.session import MAX_OBJECTS, Session
from samn_jax.page.work import Work
from samn_jax.track.prompts import Prompt
from samn_jax.track.results import ObjectResult, PackedResult, compress, expand

FORMAT = "samn_jax session 1"
_CONTENT = "session.json"
_MAX_BYTES = 1 << 28  # of one entry, unpacked
_MAX_ENTRIES = 200_000


def save(session: Session, path: Path) -> None:
    """Writes the session in one step; the states of tracking are left out.

    Raises:
      InputError: it can't be written.
    """
    work = session.work
    with (
        files.whole_file(path) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive,
    ):
        prompts = []
        for number, prompt in enumerate(work.prompts):
            told: dict[str, Any] = {
                "object": prompt.object_id,
                "frame": prompt.frame_idx,
                "box": prompt.box_xywh,
            }
            if prompt.mask is not None:
                _write_png(
                    archive, f"prompts/{number}.png", prompt.mask * np.uint8(255)
                )
            prompts.append(told)
        content = {
            "format": FORMAT,
            "video": identity(session),
            "names": {str(i): name for i, name in work.names.items()},
            "prompts": prompts,
            "results": [_pack(archive, packed) for packed in work.results.values()],
            "stale": sorted(work.stale),
        }
        archive.writestr(_CONTENT, json.dumps(content, allow_nan=False))


def load(session: Session, path: Path) -> None:
    """Replaces what a session holds by what was saved; it can be undone.

    Raises:
      InputError: it is no session, damaged, or of another video.
    """
    try:
        if not path.is_file():  # Pipes may never end.
            raise ValueError("no file")
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > _MAX_ENTRIES:
                raise ValueError("too many entries")
            content = json.loads(_read(archive, _CONTENT))
            if content["format"] != FORMAT:
                raise ValueError("another format")
            same_video = content["video"] == identity(session)
            work = _work(archive, content, session) if same_video else None
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError,
        OverflowError, EOFError, zipfile.BadZipFile, cv2.error,
    ) as error:  # fmt: skip
        raise InputError(
            f"{files.shown(path.name)} is damaged or no session: choose a file that "
            "this page saved"
        ) from error
    if work is None:
        raise InputError(
            f"{files.shown(path.name)} is of another video than {session.source.name}: "
            "open the page with that one"
        )
    session.replace(work)


def identity(session: Session) -> dict[str, Any]:
    """Returns what tells the session's video from others."""
    first = session.source.frame(0).image
    digest = hashlib.sha256(np.ascontiguousarray(first).data).hexdigest()
    return {
        "num_frames": session.num_frames,
        "size": list(first.shape[:2]),
        "first_frame_sha256": digest,
    }


def _pack(archive: zipfile.ZipFile, packed: PackedResult) -> dict[str, Any]:
    index = packed.frame_idx
    _write_png(archive, f"ids/{index}.png", expand(packed.ids, packed.shape))
    objects = []
    for one, alpha in packed.objects:
        name = f"alpha/{index}_{one.object_id}.png"
        _write_png(archive, name, expand(alpha, packed.shape))
        objects.append(
            {
                "object": one.object_id,
                "confidence": one.confidence,
                "uncertainty": one.uncertainty,
                "box": one.box_xywh,
                "polygon": np.asarray(one.polygon).tolist(),
            }
        )
    return {"frame": index, "objects": objects}


def _work(archive: zipfile.ZipFile, content: dict[str, Any], session: Session) -> Work:
    """Returns what the archive holds.

    Raises:
      ValueError: a value is impossible.
    """
    names = {int(i): files.check_name(n, "object") for i, n in content["names"].items()}
    if not all(0 < number < 256 for number in names):
        raise ValueError("an impossible object")
    if len(set(names.values())) < len(names) or len(names) > MAX_OBJECTS:
        raise ValueError("impossible objects")
    height, width = content["video"]["size"]
    shape = (int(height), int(width))
    for told in (*content["prompts"], *content["results"]):
        if not 0 <= int(told["frame"]) < session.num_frames:
            raise ValueError("an impossible frame")
    prompts = tuple(
        _prompt(archive, number, told, names, shape)
        for number, told in enumerate(content["prompts"])
    )
    results = {
        int(told["frame"]): _unpacked(archive, told, names, shape)
        for told in content["results"]
    }
    stale = frozenset(int(i) for i in content["stale"]) & set(results)
    return Work(names, prompts, results, {}, stale)


def _prompt(
    archive: zipfile.ZipFile,
    number: int,
    told: dict[str, Any],
    names: dict[int, str],
    shape: tuple[int, int],
) -> Prompt:
    object_id, frame_idx = int(told["object"]), int(told["frame"])
    if told["box"] is not None:
        box = _floats(told["box"], 4)
        return Prompt(object_id, names[object_id], frame_idx, box_xywh=box)
    mask = _read_png(archive, f"prompts/{number}.png", shape) > 127
    return Prompt(object_id, names[object_id], frame_idx, mask)


def _unpacked(
    archive: zipfile.ZipFile,
    told: dict[str, Any],
    names: dict[int, str],
    shape: tuple[int, int],
) -> PackedResult:
    """Returns the result of a frame, as `_pack` has told it."""
    index, objects = int(told["frame"]), []
    for one in told["objects"]:
        object_id = int(one["object"])
        alpha = _read_png(archive, f"alpha/{index}_{object_id}.png", shape)
        corners = [_floats(corner, 2) for corner in one["polygon"]]
        sure = _floats([one["confidence"], one["uncertainty"]], 2)
        result = ObjectResult(
            object_id,
            names[object_id],
            sure[0],
            sure[1],
            _floats(one["box"], 4),
            np.array(corners, np.float32).reshape(4, 2),
            np.zeros((0, 0), np.uint8),
        )
        objects.append((result, compress(alpha)))
    ids = compress(_read_png(archive, f"ids/{index}.png", shape))
    return PackedResult(index, shape, ids, tuple(objects))


def _floats(values: Any, count: int) -> Any:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise ValueError("impossible numbers")
    return numbers


def _write_png(
    archive: zipfile.ZipFile, name: str, pixels: UInt8[np.ndarray, "H W"]
) -> None:
    archive.writestr(name, cv2.imencode(".png", pixels)[1].tobytes())


def _read_png(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, int]
) -> UInt8[np.ndarray, "H W"]:
    """Returns a gray picture, whose header must tell the expected size."""
    data = _read(archive, name)
    size = [int.from_bytes(data[at : at + 4], "big") for at in (20, 16)]
    if data[:8] != b"\x89PNG\r\n\x1a\n" or tuple(size) != shape:
        raise ValueError("a picture of another size")
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.shape != shape or pixels.dtype != np.uint8:
        raise ValueError("a damaged picture")
    return pixels


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
        raise ValueError("an entry is compressed, which would hide its size")
    with archive.open(name) as entry:
        data = entry.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise ValueError("an entry is too large")
    return data
