"""Memory designs compared: python -m samn_jax.lab --designs rmem,my.py:Mine.

The same command goes on with a run that was cut off. Spread over processes or hosts,
each with `--shard i/3`; then `--merge PART_1 PART_2 PART_3`, if their folders differ.
"""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from samn_jax import commands, files
from samn_jax.errors import InputError, one_line
from samn_jax.evaluation import shards
from samn_jax.lab import ablation, arms, networks, run, suites, table

DEFAULT_CHECKPOINT = "lite"


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, 1 if some videos failed, 2 for bad input, 130 stopped.

    Args:
      arguments: flags; those of the command line if None.
    """
    return commands.run(_run, _parser(), arguments, stopped=commands.GOES_ON)


def _run(flags: argparse.Namespace) -> int:
    from samn_jax import compilation

    config = config_from(flags)
    compilation.keep_compiled()
    results = run.run_lab(config)
    print(table.format_results(results))
    print(f"written to {files.shown(config.output_dir)}: results.json, results.html")
    for name, problem in results["failed"].items():
        print(f"error: {one_line(f'{name} failed: {problem}')}", file=sys.stderr)
    return 1 if results["failed"] else 0


def config_from(flags: argparse.Namespace) -> run.LabConfig:
    """Returns the run that the flags describe.

    Raises:
      InputError: a flag can't be used.
    """
    if flags.trace and (flags.merge or flags.results_only):
        raise InputError("nothing is tracked, so --trace does nothing: leave it out")
    suite = suites.find(flags.suite)
    if flags.loops:
        suite = dataclasses.replace(suite, loops=tuple(flags.loops.split(",")))
    designs = [name for name in flags.designs.split(",") if name]
    compared = arms.of_designs(suite, designs)
    if flags.no_positions:
        compared = (*compared, ablation.positions_row(flags.no_positions))
    found = networks.Networks(flags.checkpoint or DEFAULT_CHECKPOINT)
    if flags.folds:
        found = networks.from_folds(flags.folds)
    return run.LabConfig(
        suite=suite,
        arms=compared,
        networks=found,
        output_dir=flags.output,
        dataset=flags.dataset,
        data_dir=flags.data_dir,
        split=flags.split,
        sequences=tuple(name for name in flags.sequences.split(",") if name),
        settings=tuple(flags.set),
        shard=shards.parse_shard(flags.shard) if flags.shard else None,
        merge=tuple(flags.merge),
        results_only=flags.results_only,
        trace=flags.trace,
        note=flags.note,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="samn-lab", description=__doc__.splitlines()[0]
    )
    add = parser.add_argument
    add(
        "--designs", default="", help="names or my.py:Mine, as a,b; controls come along"
    )
    add(
        "--suite", default="quick", help="quick, full, ablation, or a .py or .json file"
    )
    add("--loops", default="", help="closed, open or closed,open; default: the suite's")
    add("--output", type=Path, default=Path("outputs/lab"), help="folder of results")
    add(
        "--data_dir",
        type=Path,
        help="real videos with masks; only rendered ones if not",
    )
    add("--dataset", default="folder", help="how --data_dir is laid out, as davis16")
    add("--split", default="", help="part of the data set")
    add("--sequences", default="", help="only these of its videos, as a,b")
    network = parser.add_mutually_exclusive_group()
    network.add_argument("--checkpoint", help="model of all videos; default: lite")
    network.add_argument(
        "--folds",
        type=Path,
        help="folder of trainings with clips held out: each clip is tracked by the "
        "network that has not seen it",
    )
    add("--no_positions", default="", help="model for the ablation's row without them")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="for all arms")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--shard", metavar="I/N", help="every N-th video, from the I-th")
    part.add_argument(
        "--merge", type=Path, nargs="+", default=[], metavar="DIR",
        help="put the output folders of shards together, don't track",
    )  # fmt: skip
    add(
        "--results_only",
        action="store_true",
        help="of what is finished, as while a run goes on; don't track",
    )
    add(
        "--trace",
        action="store_true",
        help="keep what memories held, read and wrote in the closed loop, in traces/ "
        "of each run: see samn-inspect",
    )
    add("--note", default="", help="remark to keep beside the figures")
    return parser
