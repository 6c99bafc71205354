from pathlib import Path

import pytest

from samn_jax import overrides as overrides_lib
from samn_jax.errors import InputError
from samn_jax.memory.config import MemoryConfig
from samn_jax.models.lite import LiteConfig
from samn_jax.training import config_file
from samn_jax.training.config import TrainConfig

ROOT = Path(__file__).resolve().parents[2]
BASE = TrainConfig(model=LiteConfig())


def test_all_configs_load():
    paths = sorted((ROOT / "configs").glob("*.py"))
    assert {"lite", "smoke"} <= {path.stem for path in paths}
    for path in paths:
        config = config_file.load_config(path)
        assert config.memory == getattr(config.model, "memory", MemoryConfig()), path
        head = path.read_text().split('"""')[1]
        assert "python train.py" in head, path


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
