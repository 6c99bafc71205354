"""Tracks the videos of a benchmark and scores the result; without arguments, a demo.

python evaluate.py --dataset davis16 --data_dir DAVIS --checkpoint lite
python evaluate.py --dataset davis16 --data_dir DAVIS --score_only RESULTS

Spread over three processes or hosts, each with `--shard i/3 --output_dir PART_i`:

python evaluate.py --dataset davis16 --data_dir DAVIS --merge PART_1 PART_2 PART_3
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from samn_jax import commands, errors, files
from samn_jax.evaluation import options, run, shards, table
from samn_jax.evaluation.trackers import interface
from samn_jax.evaluation.trackers import registry as trackers


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, 1 if some videos failed, 2 for bad input, 130 stopped.

    Args:
      arguments: flags; those of the command line if None.
    """
    return commands.run(_run, parser(), arguments, stopped=commands.GOES_ON)


def _run(flags: argparse.Namespace) -> int:
    config = config_from(flags)
    options.check(config)
    _keep_compiled(config)
    results = run.run_benchmark(config)
    print(table.format_results(results))
    print(f"written to {files.shown(config.output_dir)}")
    for name, problem in results["failed"].items():
        line = errors.one_line(f"sequence {name} failed: {problem}")
        print(f"error: {line}", file=sys.stderr)
    return 1 if results["failed"] else 0


def _keep_compiled(config: options.EvaluationConfig) -> None:
    has_model = trackers.TRACKERS[config.tracker].has_model
    if has_model and not (config.score_only or config.merge):
        from samn_jax import compilation  # Imports JAX, which scoring does without.

        compilation.keep_compiled()


def config_from(flags: argparse.Namespace) -> options.EvaluationConfig:
    """Returns the evaluation that the flags describe.

    Raises:
      InputError: the shard isn't one.
    """
    folder = flags.dataset
    if flags.score_only:
        folder += f"-{Path(os.path.abspath(flags.score_only)).name}"
    return options.EvaluationConfig(
        dataset=flags.dataset,
        data_dir=flags.data_dir,
        output_dir=flags.output_dir or Path("outputs") / folder,
        checkpoint=flags.checkpoint,
        tracker=flags.tracker,
        settings=tuple(flags.set),
        start=flags.init,
        answer=flags.answer,
        split=flags.split,
        sequences=tuple(name for name in flags.sequences.split(",") if name),
        shard=shards.parse_shard(flags.shard) if flags.shard else None,
        score_only=flags.score_only,
        merge=tuple(flags.merge),
        submission=flags.submission,
        num_workers=flags.workers,
        overlays=flags.overlays,
        trace=flags.trace,
        note=flags.note,
    )


def parser() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = made.add_argument
    add("--dataset", default="synthetic", help="name of the benchmark")
    add("--data_dir", type=Path, default=Path("."), help="its folder")
    add("--checkpoint", help="shipped model's name, or a model file; default: lite")
    add("--output_dir", type=Path, help="default: outputs/DATASET")
    add(
        "--answer",
        choices=interface.ANSWERS,
        help="what to answer where boxes or regions are asked for",
    )
    add("--split", default="", help="part of DAVIS, GOT-10k, TrackingNet")
    add("--sequences", default="", help="only these, as a,b")
    add("--shard", metavar="I/N", help="only every N-th sequence, from the I-th on")
    _add_modes(made)
    add(
        "--submission",
        action="store_true",
        help="pack a part, or what is only scored, too, for the benchmark's server",
    )
    add("--tracker", default="samn", choices=tuple(trackers.TRACKERS))
    add(
        "--init",
        choices=("mask", "box"),
        help="what the tracker gets where masks are given; default: mask",
    )
    add(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="setting of the tracker, as spatial.capacity=100; may be repeated",
    )
    add("--overlays", action="store_true", help="draw contact sheets and a report")
    add(
        "--trace",
        action="store_true",
        help="keep what the memory held, read and wrote, in traces/: see samn-inspect",
    )
    add("--note", default="", help="remark to keep beside the figures")
    add("--workers", type=int, default=os.cpu_count(), help="processes for scoring")
    return made


def _add_modes(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of what is done instead of tracking."""
    only = parser.add_mutually_exclusive_group()
    only.add_argument(
        "--score_only", type=Path, help="score the results of this folder, don't track"
    )
    only.add_argument(
        "--merge",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="put the output folders of shards together and score them, don't track",
    )


if __name__ == "__main__":
    sys.exit(main())
