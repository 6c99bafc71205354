"""python -m samn_jax.convert INPUT.pth OUT: a torch checkpoint to a model file."""

import argparse
import sys
from pathlib import Path

from samn_jax import files, provenance
from samn_jax.convert import rules, torch_checkpoint
from samn_jax.errors import InputError
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
    flags = parser.parse_args(arguments)
    try:
        report = _convert(flags.input, flags.output, flags.kind)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(report)
    print(f"wrote {files.shown(flags.output)}")
    return 0


def _convert(source: Path, target: Path, kind: str) -> torch_checkpoint.Report:
    """Writes the model file; returns what became of every name.

    Raises:
      InputError: the checkpoint can't be used, the model file can't be written, or both
        are one file.
    """
    files.check_other(target, [source])
    variables, report = torch_checkpoint.load_torch_checkpoint(source, kind=kind)
    notes = {
        "converted_from": source.name,
        "converted_from_sha256": provenance.file_sha256(source),
        "kind": report.kind,
    }
    model_file.save_model(target, report.config, variables, notes)
    return report


if __name__ == "__main__":
    sys.exit(main())
