import pickle

import numpy as np
import pytest

from samn_jax.data.clips import folder, sampling, sources
from samn_jax.data.clips.config import SamplingConfig
from samn_jax.data.readers import davis, davis17, synthetic, youtube_vos
from samn_jax.data.readers import folder as folder_reader
from samn_jax.errors import InputError
from tests.data import blobs, youtube_vos_folder


def test_photos_and_clips_are_read_by_name(tmp_path):
    blobs.write_photos(tmp_path / "static")
    blobs.write_clip(tmp_path / "video", "walk")
    blobs.write_clip(tmp_path / "video", "run")
    found = folder.read_folder(tmp_path)
    assert [photo.name for photo in found.photos] == [
        f"static/images/p{i}.jpg" for i in range(3)
    ]
    assert [video.name for video in found.videos] == ["run", "walk"]
    frame, ids = found.videos[0].frames[2].load()
    np.testing.assert_array_equal(ids, blobs.picture(2)[1])
    assert frame.shape == (*blobs.SIZE, 3)
    assert found.skipped == {}


def test_what_cannot_be_used_is_counted(tmp_path, caplog):
    blobs.write_clip(tmp_path, "long", 4)
    blobs.write_clip(tmp_path, "short", 2)
    (tmp_path / "Annotations/long/00003.png").unlink()
    found = folder.read_folder(tmp_path, min_frames=3)
    assert [video.name for video in found.videos] == ["long"]
    assert len(found.videos[0].frames) == 3
    assert found.skipped == {
        "images without a mask": ["long/00003.jpg"],
        "clips of fewer than 3 annotated frames": ["short"],
    }
    found.report()
    assert "skipped 1: clips of fewer than 3 annotated frames (short)" in caplog.text


def test_of_davis_only_the_training_list_is_read(tmp_path):
    for name in ("bear", "blackswan"):
        blobs.write_clip(tmp_path, name, suffix="480p")
    with pytest.raises(InputError, match="add the training list"):
        folder.read_folder(tmp_path)
    listed = tmp_path / "ImageSets/480p/train.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text("/JPEGImages/480p/bear/00000.jpg /Annotations/480p/bear/0.png\n")
    assert [v.name for v in folder.read_folder(tmp_path).videos] == ["bear"]
    newer = tmp_path / "ImageSets/2017/train.txt"
    newer.parent.mkdir(parents=True)
    newer.write_text("blackswan\n")
    assert [v.name for v in folder.read_folder(tmp_path).videos] == ["blackswan"]


def test_held_out_clips_are_taken_away(tmp_path):
    for name in ("a", "b", "c"):
        blobs.write_clip(tmp_path, name, 1)
    kept, held_out = folder.read_folder(tmp_path).without(("b",))
    assert [v.name for v in kept.videos] == ["a", "c"]
    assert [v.name for v in held_out] == ["b"]
    with pytest.raises(InputError, match="held-out clip z"):
        kept.without(("z",))


def test_bad_files_are_named(tmp_path):
    with pytest.raises(InputError, match="nothing is missing"):
        folder.read_folder(tmp_path / "nothing")
    blobs.write_photos(tmp_path, 1)
    large = np.zeros((9, 9), np.uint8)
    blobs.cv2.imwrite(str(tmp_path / "masks/p0.png"), large)
    (photo,) = folder.read_folder(tmp_path).photos
    with pytest.raises(InputError, match="p0.png is 9 pixels high and 9 wide"):
        photo.load()


def test_the_fingerprint_follows_names_and_sizes(tmp_path):
    for name in ("a", "b"):
        blobs.write_clip(tmp_path / name, "x")
    first = folder.fingerprint(tmp_path / "a")
    assert first == folder.fingerprint(tmp_path / "b")
    (tmp_path / "b/Annotations/x/00001.png").unlink()
    assert first != folder.fingerprint(tmp_path / "b")


def mask_datasets(root):
    """Yields small data sets of every reader with masks, as evaluation reads them."""
    blobs.write_clip(root / "davis", "judo", 4, suffix="480p")
    paths = [f"480p/judo/{index:05d}" for index in range(4)]
    pairs = [f"/JPEGImages/{path}.jpg /Annotations/{path}.png\n" for path in paths]
    for folder_name, text in (("2017", "judo\n"), ("480p", "".join(pairs))):
        listed = root / f"davis/ImageSets/{folder_name}/val.txt"
        listed.parent.mkdir(parents=True)
        listed.write_text(text)
    yield davis17.read_davis17(root / "davis")
    yield davis.read_davis16(root / "davis")
    youtube_vos_folder.write(root / "youtube", all_masks=True)
    yield youtube_vos.read_youtube_vos(root / "youtube")
    blobs.write_clip(root / "own", "walk", 4)
    yield folder_reader.read_folder(root / "own")
    yield synthetic.read_synthetic()


def test_every_data_set_with_masks_can_be_trained_on(tmp_path):
    seen = []
    for dataset in mask_datasets(tmp_path):
        found = sources.of_dataset(dataset, min_frames=3)
        assert [v.name for v in found.videos] == [s.name for s in dataset.sequences]
        assert all(video.origins == (dataset.name,) for video in found.videos)
        config = SamplingConfig(num_frames=3, crop_size=32, max_objects=2)
        clips = pickle.loads(pickle.dumps(sampling.Clips((), found.videos[:2], config)))
        sample = clips(np.random.default_rng(0))
        assert sample["frames"].shape == (3, 32, 32, 3)
        assert sample["masks"][0].any()
        seen.append(dataset.name)
    assert seen == ["davis17", "davis16", "youtubevos", "folder", "synthetic"]


def test_frames_without_a_mask_are_left_out_of_a_data_set(tmp_path):
    youtube_vos_folder.write(tmp_path, all_masks=False)
    found = sources.of_dataset(youtube_vos.read_youtube_vos(tmp_path), min_frames=2)
    (cow,) = found.videos
    assert [frame.name for frame in cow.frames] == ["cow/00000.jpg", "cow/00010.jpg"]
    assert len(found.skipped["images without a mask"]) == 7
    assert found.skipped[sources.few_frames(2)] == ["dog"]


def test_sources_add_up():
    one = sources.Sources(skipped={"a": ["x"], "b": ["y"]})
    two = sources.Sources(skipped={"b": ["z"]})
    assert (one + two).skipped == {"a": ["x"], "b": ["y", "z"]}
    assert one.skipped == {"a": ["x"], "b": ["y"]}
