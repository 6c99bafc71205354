"""Makes a model by a recipe: lite --data_dir DATA --output_dir OUT --init_from TRUNK.

A recipe is a file with get_recipe(), as configs/recipes/lite.py: stages of training,
folds over clips held out in turn, and whose networks' mean is the model. The same
command goes on with what was cut off, at any point. `--status` prints how far it is.
Exit codes are those of train.py.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from samn_jax import commands, compilation, files
from samn_jax.errors import InputError
from samn_jax.training.main import STOPPED, exit_code, log_to_terminal


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return commands.run(_run, _parser(), arguments, code=exit_code)


def _run(flags: argparse.Namespace) -> int:
    log_to_terminal()
    try:
        return _make(flags)
    except KeyboardInterrupt:  # While clips are tracked, each of which is kept.
        return _stopped()


def _make(flags: argparse.Namespace) -> int:
    # Imported where it is told in one line if the extra `train` is missing.
    from samn_jax.training.recipe import config as recipe_lib
    from samn_jax.training.recipe import run

    recipe = recipe_lib.load_recipe(flags.recipe)
    start, folder = flags.init_from or "", flags.output_dir
    if recipe.needs and not start:
        raise InputError(f"give --init_from: {recipe.needs}")
    if flags.status:
        planned, videos = run.prepare(recipe, flags.data_dir, folder, start)
        print(run.status(recipe, planned, videos))
        return 0
    compilation.keep_compiled()
    name = Path(flags.recipe).stem
    if run.make(name, recipe, flags.data_dir, folder, start=start) == "stopped":
        return _stopped()
    print(f"wrote {files.shown(folder / 'model.safetensors')}")
    return 0


def _stopped() -> int:
    print(commands.GOES_ON, file=sys.stderr)
    return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m samn_jax.training.recipe",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("recipe", help="a shipped recipe, as lite, or the path of a file")
    add("--data_dir", help="folder of clips, or what samn_jax.data.prepare wrote")
    add("--output_dir", required=True, type=Path)
    add("--init_from", help="weights that the first stage starts from")
    add("--status", action="store_true", help="print how far it is, and end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
