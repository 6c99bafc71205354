"""python -m samn_jax.convert INPUT.pth OUT: a torch checkpoint to a model file."""

import argparse
import sys
from pathlib import Path

from samn_jax import commands, files, places, provenance
from samn_jax.convert import rules, torch_checkpoint
from samn_jax.models import model_file


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 1 after one line on what is wrong."""
    parser = argparse.ArgumentParser(
        prog="samn-convert",
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
    return commands.run(_convert, parser, arguments, code=lambda error: 1)


def _convert(flags: argparse.Namespace) -> None:
    """Writes the model file; tells what became of every name.

    Raises:
      InputError: the checkpoint can't be used, the model file can't be written, or both
        are one file.
    """
    source, target = flags.input, flags.output
    places.check_other(target, [source])
    variables, report = torch_checkpoint.load_torch_checkpoint(source, kind=flags.kind)
    notes = {
        "converted_from": source.name,
        "converted_from_sha256": provenance.file_sha256(source),
        "kind": report.kind,
    }
    model_file.save_model(target, report.config, variables, notes)
    print(report)
    print(f"wrote {files.shown(target)}")


if __name__ == "__main__":
    sys.exit(main())
