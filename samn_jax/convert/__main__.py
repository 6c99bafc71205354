"""python -m samn_jax.convert INPUT.pth OUT: a torch checkpoint to a model file."""

import argparse
import sys
from pathlib import Path

from samn_jax.convert import rules, torch_checkpoint
from samn_jax.errors import InputError
from samn_jax.models import model_file


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 1 after one line on what is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m samn_jax.convert",
        description="Convert a torch checkpoint (.pth, .tar) to a model file.",
    )
    parser.add_argument("input", type=Path, help="file of torch.save")
    parser.add_argument("output", type=Path, help="model file, e.g. samn.safetensors")
    parser.add_argument(
        "--kind",
        default="auto",
        choices=("auto", *rules.KINDS),
        help="the network; auto tells samn and resnet50 apart, stm must be named",
    )
    flags = parser.parse_args(arguments)
    try:
        variables, report = torch_checkpoint.load_torch_checkpoint(
            flags.input, kind=flags.kind
        )
        notes = {"converted_from": flags.input.name, "kind": report.kind}
        model_file.save_model(flags.output, report.config, variables, notes)
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(report)
    print(f"wrote {flags.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
