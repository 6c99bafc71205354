"""Track the videos of a benchmark and score the result; without arguments, a demo.

python evaluate.py --dataset davis16 --data_dir DAVIS --checkpoint lite
python evaluate.py --dataset davis16 --data_dir DAVIS --score_only RESULTS
"""

import argparse
import os
import sys
from pathlib import Path

from samn_jax import errors
from samn_jax.evaluation import benchmarks, overrides, table, trackers


def main(arguments: list[str]) -> int:
    """Exit code: 0, or 2 for bad input."""
    try:
        config = config_from(arguments)
        results = benchmarks.run_benchmark(config)
    except errors.InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(table.format_results(results))
    print(f"written to {config.output_dir}")
    return 0


def config_from(arguments: list[str]) -> benchmarks.EvaluationConfig:
    """The evaluation that the flags describe."""
    flags = _parser().parse_args(arguments)
    folder = flags.dataset
    if flags.score_only:
        folder += f"-{flags.score_only.resolve().name}"
    return benchmarks.EvaluationConfig(
        dataset=flags.dataset,
        data_dir=flags.data_dir,
        output_dir=flags.output_dir or Path("outputs") / folder,
        checkpoint=flags.checkpoint,
        tracker=flags.tracker,
        overrides=overrides.parse_assignments(flags.set),
        start=flags.init,
        sequences=tuple(name for name in flags.sequences.split(",") if name),
        score_only=flags.score_only,
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
    add("--sequences", default="", help="only these, as a,b")
    add("--score_only", type=Path, help="score the masks of this folder, track nothing")
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
