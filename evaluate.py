"""Track the videos of a benchmark and score the result; without arguments, a demo.

python evaluate.py --dataset davis16 --data_dir DAVIS --checkpoint lite
python evaluate.py --dataset davis16 --data_dir DAVIS --score_only RESULTS

Spread over three processes or hosts, each with `--shard i/3 --output_dir PART_i`:

python evaluate.py --dataset davis16 --data_dir DAVIS --merge PART_1 PART_2 PART_3
"""

import argparse
import os
import sys
from pathlib import Path

from samn_jax import errors, overrides
from samn_jax.evaluation import run as benchmarks
from samn_jax.evaluation import shards, table
from samn_jax.evaluation.trackers import region_tracker
from samn_jax.evaluation.trackers import registry as trackers


def main(arguments: list[str]) -> int:
    """Exit code: 0, 1 if some sequences failed, or 2 for bad input."""
    try:
        config = config_from(arguments)
        _keep_compiled(config)
        results = benchmarks.run_benchmark(config)
    except errors.InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(table.format_results(results))
    print(f"written to {config.output_dir}")
    for name, problem in results["failed"].items():
        print(f"error: sequence {name} failed: {problem}", file=sys.stderr)
    return 1 if results["failed"] else 0


def _keep_compiled(config: benchmarks.EvaluationConfig) -> None:
    if config.tracker != "copy_first" and not (config.score_only or config.merge):
        from samn_jax import compilation  # Imports JAX, which scoring does without.

        compilation.keep_compiled()


def config_from(arguments: list[str]) -> benchmarks.EvaluationConfig:
    """The evaluation that the flags describe."""
    flags = _parser().parse_args(arguments)
    folder = flags.dataset
    if flags.score_only:
        folder += f"-{flags.score_only.resolve().name}"
    shard = shards.parse_shard(flags.shard) if flags.shard else None
    return benchmarks.EvaluationConfig(
        dataset=flags.dataset,
        data_dir=flags.data_dir,
        output_dir=flags.output_dir or Path("outputs") / folder,
        checkpoint=flags.checkpoint,
        tracker=flags.tracker,
        overrides=overrides.parse_assignments(flags.set),
        start=flags.init,
        answer=flags.answer,
        split=flags.split,
        sequences=tuple(name for name in flags.sequences.split(",") if name),
        shard=shard,
        score_only=flags.score_only,
        merge=tuple(flags.merge),
        submission=flags.submission,
        num_workers=flags.workers,
        note=flags.note,
        overlays=flags.overlays or flags.dataset == "synthetic",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--dataset", default="synthetic", help="name of the benchmark")
    add("--data_dir", type=Path, default=Path("."), help="its folder")
    add("--checkpoint", default="lite", help="shipped model's name, or a model file")
    add("--output_dir", type=Path, help="default: outputs/DATASET")
    add(
        "--answer",
        choices=region_tracker.KINDS,
        help="what to answer where boxes or regions are asked for",
    )
    add("--split", default="", help="part of DAVIS-2017, GOT-10k, TrackingNet")
    add("--sequences", default="", help="only these, as a,b")
    add("--shard", metavar="I/N", help="only every N-th sequence, from the I-th on")
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
    add(
        "--submission",
        action="store_true",
        help="pack what is only scored, too, for the benchmark's server",
    )
    add("--tracker", default="samn", choices=trackers.TRACKERS)
    add("--init", default="mask", choices=("mask", "box"), help="what the tracker gets")
    add(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="tracker config",
    )
    add("--overlays", action="store_true", help="draw contact sheets and a report")
    add("--note", default="", help="remark to keep beside the figures")
    add("--workers", type=int, default=os.cpu_count(), help="processes for scoring")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
