"""Fuzz of what may be far larger than its file, and of what runs keep in JSON.

Data sets are read whole in `test_data_fuzz`; here memory is measured. The reading
functions run in the process of `peak_memory`.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from hypothesis import strategies as st

from samn_jax import files, places
from samn_jax.data.formats import images, vot_regions, vot_results
from samn_jax.data.readers import youtube_vos
from samn_jax.evaluation import identity, records
from samn_jax.models.lite import LiteConfig
from samn_jax.training import run_folder
from samn_jax.training.config import TrainConfig
from tests.faults import mutations
from tests.faults.fuzz_kinds import Kind
from tests.faults.test_data_fuzz import with_right_checksums

_MIB = 2**20
# A picture may be a thousand times its file: see `codecs.MAX_PIXELS`.
_PICTURE = 2**30
_REGIONS = (
    *("1", "10,20,30.5,40", "1,1,9,1,9,9,1,9", "m3,4,5,6,1,2,27", "0", "2"),
    "1.5,2.5,9,1,9,9",
)
_FACTS = {
    "dataset": "davis16",
    "tracker": {"name": "samn", "config": {"memory": {"capacity": 8}, "crop": 1.5}},
    "sequences": ["a", "b"],
}
_RECORD = records.Record(1, 9, 0.5, 2.0, "ab" * 32, "unknown", ("cpu",))
_META = {
    "videos": {
        name: {"objects": {"1": {"category": "cat", "frames": ["00000"]}, "2": {}}}
        for name in ("0a1b", "2c3d")
    }
}
for _video in _META["videos"].values():
    _video["objects"]["2"] = {"category": "dog", "frames": ["00005"]}


def _image(channels: int) -> np.ndarray:
    y, x = np.mgrid[:40, :56]
    waves = [np.sin(x / (3 + c)) * np.cos(y / (5 - c)) for c in range(channels)]
    return np.uint8(127 + 120 * np.stack(waves, -1))


def _encoded(suffix: str, channels: int = 3) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        path.write_bytes(cv2.imencode(suffix, _image(channels))[1].tobytes())

    return write


def _write_indices(path: Path) -> None:
    images.write_mask(path, (_image(1)[..., 0] // 80).astype(np.uint8))


def read_frame(path: Path) -> None:
    """Reads a frame."""
    assert images.read_frame(path).shape[2] == 3


def read_mask(path: Path) -> None:
    """Reads a mask."""
    assert images.read_mask(path).ndim == 2


def read_meta(path: Path) -> None:
    """Reads the objects of YouTube-VOS; no name may lead out of a folder."""
    for name in youtube_vos.read_categories(path.parent):
        places.inside(path.parent, path.parent / name)


def read_regions(path: Path) -> None:
    """Reads regions of VOT."""
    vot_regions.read_regions(path)


def read_trajectory(path: Path) -> None:
    """Reads a binary trajectory of VOT."""
    vot_results.read_trajectory(path, len(_REGIONS))


def read_identity(path: Path) -> None:
    """Tells an evaluation's folder from that of another run."""
    identity.check(path.parent, _FACTS)


def read_record(path: Path) -> None:
    """Reads the record of a finished video."""
    record = records.from_json(files.read_json_object(path, "track it again"))
    assert record is None or isinstance(record.num_steps, int)


def read_training(path: Path) -> None:
    """Claims the folder of a training."""
    training = run_folder.Identity(TrainConfig(model=LiteConfig()), {"name": "a"}, {})
    place = path.parent / "training" / run_folder.IDENTITY_FILE
    place.parent.mkdir(exist_ok=True)
    shutil.copyfile(path, place)
    run_folder.claim(training, place.parent)


def _write_training(path: Path) -> None:
    training = run_folder.Identity(TrainConfig(model=LiteConfig()), {"name": "a"}, {})
    path.write_text(json.dumps(training.to_json()))


def _write_trajectory(path: Path) -> None:
    region = b"".join(
        (
            b"\x00\x01\x00\x00\x00",
            b"\x01" + np.array([1, 2, 30, 40], "<f4").tobytes(),
            b"\x02\x03\x00" + np.arange(6).astype("<f4").tobytes(),
            b"\x03" + np.array([3, 4, 5, 6, 3, 1, 2, 27], "<i2").tobytes(),
        )
    )
    path.write_bytes(b"\x01\x00\x07\x00\x00\x00" + region + region[:-17])


def _with_checksums(data: bytes) -> st.SearchStrategy[bytes]:
    return mutations.damaged(data) | mutations.damaged(data).map(with_right_checksums)


def _lines(data: bytes) -> st.SearchStrategy[bytes]:
    return mutations.damaged_text(data.decode())


def _values(data: bytes) -> st.SearchStrategy[bytes]:
    return mutations.damaged_json(json.loads(data))


def _kind(
    read: Callable, name: str, write: Callable, damaged: Callable, most: int = 16 * _MIB
) -> Kind:
    return Kind(
        f"{__name__}:{read.__name__}",
        name,
        write,
        damaged,
        lambda size: most + 64 * size,
    )


def _text(*lines: str) -> Callable[[Path], object]:
    return lambda path: path.write_text("\n".join(lines) + "\n")


def _json(content: object) -> Callable[[Path], object]:
    return lambda path: path.write_text(json.dumps(content))


KINDS = {
    "JPEG": _kind(read_frame, "0.jpg", _encoded(".jpg"), mutations.damaged, _PICTURE),
    "PNG": _kind(read_frame, "0.png", _encoded(".png"), _with_checksums, _PICTURE),
    "indexed mask": _kind(
        read_mask, "0.png", _write_indices, _with_checksums, _PICTURE
    ),
    "meta.json": _kind(read_meta, "meta.json", _json(_META), _values),
    "regions": _kind(
        read_regions, "groundtruth.txt", _text(*_REGIONS), _lines, 1024 * _MIB
    ),
    "binary trajectory": _kind(
        read_trajectory, "a.bin", _write_trajectory, mutations.damaged, 1024 * _MIB
    ),
    "evaluation's identity": _kind(
        read_identity, identity.FILE, _json(_FACTS), _values
    ),
    "record of a video": _kind(
        read_record, "a.json", _json(_RECORD._asdict()), _values
    ),
    "training's identity": _kind(
        read_training, "training.json", _write_training, _values
    ),
}
JSON_KINDS = tuple(name for name, kind in KINDS.items() if kind.damaged is _values)
