"""Faults of the memory's seam and of settings that were checked late or never."""

import dataclasses
import functools
import re
from pathlib import Path

import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax import errors, overrides
from samn_jax.errors import InputError
from samn_jax.evaluation import identity
from samn_jax.evaluation.trackers import registry as trackers
from samn_jax.memory import registry, source
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.designs import ring
from samn_jax.models import model_file
from samn_jax.models.lite import LiteConfig
from samn_jax.track import command as track_command
from samn_jax.tracking import Tracker, TrackerConfig
from samn_jax.training import validation
from samn_jax.training.config import TrainConfig
from tests.memory import frames
from tests.models import tiny_lite
from tests.tracking import color_net

ROOT = Path(__file__).resolve().parents[2]


def readme_design():
    """The design that README shows."""
    text = (ROOT / "README.md").read_text()
    section = text.partition("## Try a memory of your own")[2]
    return re.search(r"```python\n(.*?)```", section, re.DOTALL).group(1)


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(readme_design())
    return path


@pytest.fixture
def model(tmp_path):
    """Saves the tiny network with a memory noted; returns where."""

    def save(**memory):
        path = tmp_path / "model.safetensors"
        notes = {"tracker": {"memory": memory}}
        variables = tiny_lite.make_variables()
        model_file.save_model(path, tiny_lite.CONFIG, variables, notes)
        return path

    return save


def test_the_documented_recipe_is_one_file_that_reports_the_truth(mine):
    design = registry.build(MemoryConfig(f"{mine}:Two", own=(("least", "0.8"),)))
    assert design.least == 0.8
    state, past = frames.first(design), frames.numbered(0)
    for number, confidence, slot, gone in (
        (1, 0.9, 1, -1),
        (2, 0.7, -1, -1),
        (3, 1, 1, 1),
    ):
        entry = frames.numbered(number, confidence=confidence)
        state, _, report = frames.step(design, state, entry)
        assert (report.slot, report.forgotten) == (slot, gone), number
    assert design.slots(state).frame_idx[:2].tolist() == [int(past.frame_idx), 3]


def test_a_tracker_takes_a_design_by_file_with_its_settings(mine, model):
    where = {"memory.design": f"{mine}:Two", "memory.least": 0.7}
    tracker = Tracker.from_checkpoint(model(), **where)
    assert type(tracker.spec.memory).__name__ == "Two"
    assert tracker.spec.memory.least == 0.7
    same = Tracker.from_checkpoint(model(), **where)
    assert tracker.spec == same.spec and hash(tracker.spec) == hash(same.spec)
    mine.write_text(readme_design() + "# changed\n")
    changed = Tracker.from_checkpoint(model(), **where)
    assert changed.spec != tracker.spec and hash(changed.spec) != hash(tracker.spec)
    given = Tracker.from_checkpoint(model(), design=ring.Ring(5))
    assert given.spec.memory == ring.Ring(5)


def test_7_changed_code_of_a_design_is_another_run(mine, model, tmp_path):
    def claim():
        where = (f"memory.design={mine}:Two",)
        _, facts = trackers.load_tracker("samn", str(model()), where)
        identity.claim(tmp_path / "out", facts)

    claim()
    claim()
    mine.write_text(mine.read_text().replace("0.8", "0.7") + "# changed\n")
    with pytest.raises(InputError, match=r"another run: memory_source is .*delete it"):
        claim()


def test_a_design_named_again_in_a_notebook_is_the_new_one(monkeypatch):
    monkeypatch.setattr(registry, "DESIGNS", dict(registry.DESIGNS))
    specs = []
    for least in ("0.5", "0.6"):
        cell = {"__name__": "__main__"}
        text = readme_design().replace("> self.least", f"> {least} * self.least")
        exec(text, cell)
        registry.register("two", cell["Two"])
        specs.append(color_net.make_spec(memory={"design": "two"}))
    assert specs[0] != specs[1] and hash(specs[0]) != hash(specs[1])
    assert source.fingerprint(specs[0].memory) != source.fingerprint(specs[1].memory)


def test_keys_and_values_have_no_hidden_channels():
    net = model_file.build_network(tiny_lite.CONFIG)
    variables, image = tiny_lite.make_variables(), jnp.zeros((1, 32, 32, 3))
    apply = functools.partial(net.apply, method="encode_query")
    query = jax.eval_shape(apply, variables, image)
    widths = [x.shape[-1] for x in query.key]
    assert widths == [tiny_lite.CONFIG.key_dim, tiny_lite.CONFIG.regression_dim]


def test_a_model_file_says_which_memory_it_was_trained_with(model):
    path = model(design="fifo", capacity=5)
    config = Tracker.from_checkpoint(path).config
    assert (config.memory.design, config.memory.capacity) == ("fifo", 5)
    assert not config.memory.remember_lost, "the network's own default"


def test_code_that_a_model_file_names_is_not_run_unasked(mine, model):
    mine.write_text("raise SystemExit('run')\n")
    path = model(design=f"{mine}:Two")
    with pytest.raises(InputError, match="whose code is run only if you name it"):
        Tracker.from_checkpoint(path)
    assert Tracker.from_checkpoint(path, memory={"design": "ring"})
    mine.write_text(readme_design())
    named = Tracker.from_checkpoint(path, memory={"design": f"{mine}:Two"})
    assert type(named.spec.memory).__name__ == "Two"


def test_validation_by_tracking_uses_the_runs_memory(monkeypatch):
    config = TrainConfig(
        model=tiny_lite.CONFIG, memory=MemoryConfig("fifo", capacity=4)
    )
    seen = []

    def track(tracker, video):
        seen.append(tracker.spec)
        return None

    monkeypatch.setattr(validation.tracking_scores, "track_video", track)
    validator = validation.Validator.__new__(validation.Validator)
    validator._config, validator._videos = config, ("video",)
    validator.track(tiny_lite.make_variables())
    assert seen[0].config.memory == config.memory
    assert seen[0].memory == registry.build(config.memory)


def test_a_run_has_its_networks_memory_unless_it_says_otherwise():
    assert TrainConfig(model=LiteConfig()).memory == LiteConfig().memory
    changed = overrides.override(
        TrainConfig(model=LiteConfig()), ["memory.capacity=5", "memory.design=stm"]
    )
    assert (changed.memory.capacity, changed.memory.design) == (5, "stm")


BAD = {
    "aggregation=foo": "aggregation 'foo' is unknown",
    "memory.design=foo": "memory.design is 'foo'",
    "memory.capacity=2": "memory.capacity is 2: ring needs 3",
    "memory.chunk_slots=-1": "memory.chunk_slots is -1",
    "memory.machine.mode=foo": "memory.machine.mode is 'foo'",
    "memory.machine.epsilon=0": "memory.machine.epsilon is 0",
    "memory.clsoe=1": "memory.clsoe: ring has no such setting",
    "search_factor=0": "search_factor is 0",
    "threshold_from_mask=2": "threshold_from_mask is 2",
    "lost_growth=0.5": "lost_growth is 0.5",
}


@pytest.mark.parametrize("assignment", BAD)
def test_a_bad_setting_is_one_line_where_it_is_made(assignment):
    with pytest.raises(InputError, match=BAD[assignment]) as error:
        overrides.override(TrackerConfig(), [assignment])
    assert "\n" not in str(error.value)


def test_a_run_with_an_unknown_memory_is_refused_before_it_is_made():
    with pytest.raises(InputError, match="memory.design is 'nope'"):
        overrides.override(TrainConfig(model=LiteConfig()), ["memory.design=nope"])


def test_fields_of_the_machine_can_be_set():
    given = ["memory.machine.epsilon=0.05", "memory.machine.mode=emd"]
    machine = overrides.override(TrackerConfig(), given).memory.machine
    assert (machine.epsilon, machine.mode) == (0.05, "emd")


def test_help_explains_every_setting():
    for kind in (TrackerConfig, MemoryConfig):
        for field in dataclasses.fields(kind):
            assert re.search(rf"\n\s+{field.name}: \w", kind.__doc__), field.name


def test_a_state_tells_what_its_slots_hold():
    spec = color_net.make_spec(use_spatial=False)
    tracker = Tracker(spec, {})
    clip, masks = color_net.make_clip([(30, 30), (32, 31), (34, 32)])
    state, _ = tracker.init(clip[0], mask=masks[0])
    for frame in clip[1:]:
        state, _ = tracker.step(state, frame)
    slots = spec.memory.slots(state.memory)
    assert slots.frame_idx.tolist() == [0, 2, -1, -1]
    assert slots.given.tolist() == [True, False, False, False]
    assert slots.age(state.frame_idx).tolist() == [2, 0, -1, -1]


def test_gradients_pass_through_a_read_and_a_write():
    def loss(scale):
        design = ring.Ring(4)
        key = jax.tree.map(lambda x: scale * x, frames.random(1).key)
        entry = frames.random(1)._replace(key=key)
        state = design.init(frames.random(0, given=True), frames.READER)
        state, _, _ = frames.step(design, state, entry)
        read = design.read(state, frames.random(2).key, frames.READER)
        return (read.readout.attention**2).sum()

    assert np.abs(jax.grad(loss)(1.0)) > 1e-4


RAISES = """
import dataclasses
from samn_jax.memory.designs.ring import Ring

@dataclasses.dataclass(frozen=True)
class Mine(Ring):
    def write(self, state, entry, read, reader):
        raise RuntimeError("no\\x1b room\\nat all")
"""


def test_a_design_that_raises_is_one_line_that_says_where(
    tmp_path, model, capsys, monkeypatch
):
    path = tmp_path / "mine.py"
    path.write_text(RAISES)
    for index in range(3):
        frame = np.full((60, 64, 3), 90, np.uint8)
        frame[20:36, 10 + index : 26 + index] = 30, 30, 220
        (tmp_path / "video").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / f"video/{index:05d}.png"), frame)
    arguments = [str(tmp_path / "video"), "--box=10,20,16,16"]
    arguments += [f"--checkpoint={model()}", f"--memory={path}:Mine"]
    arguments += ["--set=crop_size=32", "--set=use_spatial=False"]
    arguments += [f"--masks={tmp_path / 'masks'}"]
    assert track_command.main(arguments) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert f"{path}:8, in write: RuntimeError: no\\x1b room (" in told
    assert not (tmp_path / "masks").exists()
    monkeypatch.setenv(errors.TRACEBACK, "1")
    with pytest.raises(RuntimeError, match="room"):
        track_command.main(arguments)


def test_faults_of_the_package_are_no_line():
    with pytest.raises(TypeError) as told:
        ring.Ring(capacity="x")
    assert not isinstance(told.value, InputError)
    # Raised below this test, whose file is nobody's library.
    assert "test_memory.py" in errors.as_told(told.value)
    ours = ValueError("ours")
    assert errors.as_told(ours) is None, "it was raised nowhere"
    assert errors.as_told(InputError("a\nb")) == "a\\nb"


@pytest.mark.parametrize(
    ("write", "words"),
    [
        ("return state, (), None", "write returns something else: return (state, Rep"),
        (
            "return state._replace(valid=state.valid.astype('int32')), report",
            "write makes state.valid, which is bool(3,) after init, int32(3,)",
        ),
    ],
)
def test_a_design_of_wrong_shapes_is_told_before_anything_is_tracked(
    mine, model, write, words
):
    text = mine.read_text().splitlines()
    lines = [line for line in text if "return bank.place" not in line]
    last = next(i for i, line in enumerate(lines) if "report = " in line)
    lines.insert(last + 1, f"        {write}")
    mine.write_text("\n".join(lines))
    where = {"memory.design": f"{mine}:Two", "crop_size": 32, "use_spatial": False}
    with pytest.raises(InputError) as told:
        Tracker.from_checkpoint(model(), **where)
    assert words in str(told.value) and "memory.check" in str(told.value)
