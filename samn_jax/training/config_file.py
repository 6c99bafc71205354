"""Configs and recipes: Python files, found by their path or by a shipped one's name."""

import dataclasses
import traceback
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samn_jax import errors, files, overrides, own_code
from samn_jax.errors import InputError
from samn_jax.memory.config import MemoryConfig
from samn_jax.models.model_file import ModelConfig
from samn_jax.training.config import TrainConfig

# In a checkout a link to the folder beside the package, where people look for them.
SHIPPED = Path(__file__).parents[1] / "configs"


def load_config(name_or_path: str | Path) -> TrainConfig:
    """Returns what `get_config()` of a config file gives.

    Args:
      name_or_path: of a file, or the name of a shipped config, as `lite`; `configs/`
        before and `.py` after it may stand or not.

    Raises:
      InputError: there is no such file, running it fails, or it gives something else;
        one line that names the file and, where it is known, the line in it.
    """
    path = find(name_or_path)
    return load(path, "get_config", TrainConfig)


def based_on(
    name: str, settings: Mapping[str, Any], *, model: ModelConfig | None = None
) -> TrainConfig:
    """Returns a shipped config with other values for some fields.

    Args:
      name: of the config, as `base`.
      settings: dotted names of fields → values, as {"sampling.num_frames": 3}.
      model: another network, with the memory that suits it.

    Raises:
      InputError: a field is unknown, or a value is not right.
    """
    config = load_config(SHIPPED / f"{name}.py")
    if model is not None:
        memory = getattr(model, "memory", MemoryConfig())
        config = dataclasses.replace(config, model=model, memory=memory)
    return overrides.merge(config, settings)


def find(name_or_path: str | Path, folder: str = "") -> Path:
    """Returns the path of a file, or of a shipped one by its name.

    Args:
      name_or_path: of the file.
      folder: of the shipped configs in which it lies, as `recipes`.

    Raises:
      InputError: there is neither.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    shipped = SHIPPED / folder
    name = path.with_suffix("") if path.suffix == ".py" else path
    for start in (Path("configs") / folder, Path("configs"), Path(folder), Path()):
        if name.is_relative_to(start):
            found = shipped / name.relative_to(start).with_suffix(".py")
            if found.is_file():
                return found
    names = ", ".join(sorted(p.stem for p in shipped.glob("*.py")))
    raise InputError(
        f"config {files.shown(path)} is neither a file nor the name of a shipped one: "
        f"choose from {names}, or give the path of your own"
    )


def load(path: Path, function: str, kind: type) -> Any:
    """Returns what a function of a Python file gives.

    Args:
      path: of the file, which is run.
      function: its name; it is called without arguments.
      kind: what it must give.

    Raises:
      InputError: the file can't be run, has no such function, or it gives another type.
    """
    try:
        with own_code.same_folder():
            given = getattr(_run(path), function)()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # Whatever a stranger's file may raise.
        raise InputError(f"config {path}{_reason(path, function, error)}") from error
    if not isinstance(given, kind):
        raise InputError(
            f"config {path}: {function}() gives a {type(given).__name__}: let it "
            f"return a {kind.__name__}"
        )
    return given


def _run(path: Path) -> types.ModuleType:
    return own_code.run(path, path.read_bytes(), f"samn_jax_config_{path.stem}")


def _reason(path: Path, function: str, error: BaseException) -> str:
    """Returns where and why running a file failed, in one line."""
    text = files.shown(errors.said(error).strip().partition("\n")[0])
    if isinstance(error, SyntaxError):
        where = f" line {error.lineno}" if error.lineno else ""
        return f"{where}: {error.msg}: correct it"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == path]
    where = f" line {lines[-1]}" if lines else ""
    if isinstance(error, InputError):
        return f"{where}: {text}"
    if isinstance(error, AttributeError) and not lines:
        return f" has no function {function}(): see configs/lite.py"
    return f"{where}: {type(error).__name__}: {text}: correct it"
