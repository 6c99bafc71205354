import ast
import dataclasses
from pathlib import Path

import pytest

from samn_jax import overrides as overrides_lib
from samn_jax.data.clips.config import SamplingConfig
from samn_jax.data.clips.sources import Frame, Video
from samn_jax.errors import InputError
from samn_jax.models.lite import LiteConfig
from samn_jax.training import config_file
from samn_jax.training.config import TrainConfig
from samn_jax.training.optimizer import OptimizerConfig
from samn_jax.training.recipe import config as recipe_lib
from samn_jax.training.recipe import jobs as jobs_lib
from samn_jax.training.step import LossConfig
from samn_jax.training.unroll import UnrollConfig

ROOT = Path(__file__).resolve().parents[2]
BASE = TrainConfig(model=LiteConfig())


def test_all_configs_load():
    paths = sorted((ROOT / "configs").glob("*.py"))
    assert {"base", "lite", "smoke"} <= {path.stem for path in paths}
    for path in paths:
        assert isinstance(config_file.load_config(path), TrainConfig)
        head = path.read_text().split('"""')[1]
        assert "python train.py" in head or path.stem == "base", path


def test_the_base_config_explains_every_setting():
    parts = (TrainConfig, SamplingConfig, UnrollConfig, LossConfig, OptimizerConfig)
    text = (ROOT / "configs" / "base.py").read_text()
    calls = {
        node.func.id: {keyword.arg for keyword in node.keywords}
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    for part in parts:
        names = {field.name for field in dataclasses.fields(part)}
        assert calls[part.__name__] == names, part


def test_all_recipes_load_and_their_stages_fit(tmp_path):
    frames = (Frame("x", lambda: None),) * 10
    videos = [Video(f"clip{i}", frames) for i in range(9)]
    videos += [Video(name, frames) for name in ("moving", "turning")]
    for path in sorted((ROOT / "configs" / "recipes").glob("*.py")):
        recipe = recipe_lib.load_recipe(path.stem)
        jobs = jobs_lib.plan(recipe, tmp_path, videos, "trunk.npz")
        jobs_lib.check(recipe, jobs, devices=1)
        assert jobs[0].config.init_from == "trunk.npz"
        assert "python -m samn_jax.training.recipe" in path.read_text()


def test_the_recipe_of_lite_holds_each_clip_out_twice(tmp_path):
    videos = [Video(f"clip{i}", (Frame("x", lambda: None),) * 10) for i in range(7)]
    recipe = recipe_lib.load_recipe("configs/recipes/lite.py")
    jobs = jobs_lib.plan(recipe, tmp_path, videos, "trunk.npz")
    assert len(jobs) == 9 and len(recipe.average) == 2
    held_out = [name for job in jobs for name in job.config.held_out]
    assert sorted(held_out) == sorted(2 * [video.name for video in videos])
    assert sum(job.config.num_steps for job in jobs) == 1200 + 1400 + 2200 + 3 * 1800


def test_overrides_take_the_type_of_what_they_replace():
    changed = overrides_lib.override(
        BASE,
        [
            "optimizer.learning_rate=1",
            "held_out=a,b",
            "frozen=('^x/',)",
            "model.key_dim=32",
            "init_from=lite",
            "synthetic=True",
        ],
    )
    assert changed.optimizer.learning_rate == 1.0
    assert isinstance(changed.optimizer.learning_rate, float)
    assert changed.held_out == ("a", "b")
    assert changed.frozen == ("^x/",)
    assert changed.model.key_dim == 32
    assert changed.init_from == "lite"
    assert changed.synthetic is True
    assert BASE.model.key_dim == 64


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("batchsize=4", "try batch_size"),
        ("optimizer.lr=1", "optimizer.lr: there is no"),
        ("batch_size=4.5", "present one, 8"),
        ("batch_size=True", "present one, 8"),
        ("optimizer=adam", "name one of"),
        ("seed.x=1", "seed: it has no fields"),
        ("seed", "NAME=VALUE"),
    ],
)
def test_typos_and_wrong_types_are_errors(assignment, message):
    with pytest.raises(InputError, match=message):
        overrides_lib.override(BASE, [assignment])


def test_missing_files_are_named(tmp_path):
    with pytest.raises(InputError, match="nothing.py is neither a file"):
        config_file.load_config(tmp_path / "nothing.py")
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(InputError, match="no function get_config"):
        config_file.load_config(tmp_path / "empty.py")
