"""Trains a network: --config configs/lite.py --data_dir DATA --output_dir OUT.

The same command goes on with a run that was cut off. Exit codes: 0 finished, 2 bad
input, 3 diverged, 75 stopped by SIGTERM or Ctrl-C with everything saved.
"""

import argparse
import logging
import sys
from pathlib import Path

from samn_jax import compilation, overrides
from samn_jax.errors import InputError
from samn_jax.training import config as config_lib
from samn_jax.training import guard, loop, parallel

BAD_INPUT, DIVERGED, STOPPED = 2, 3, 75


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code."""
    flags = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    assignments = list(flags.set)
    if flags.init_from:
        assignments.append(f"init_from={flags.init_from}")
    try:
        config = overrides.override(config_lib.load_config(flags.config), assignments)
        hosts = parallel.hosts_from(flags.coordinator, flags.num_hosts, flags.host)
        compilation.keep_compiled()
        parallel.connect(hosts)
        result = loop.train_and_evaluate(config, flags.data_dir, flags.output_dir)
    except guard.DivergedError as error:
        print(f"error: {error}", file=sys.stderr)
        return DIVERGED
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    if result == "stopped":
        print("stopped; the same command goes on", file=sys.stderr)
        return STOPPED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config", required=True, help="a file of configs/")
    add("--data_dir", help="folder of clips, or what samn_jax.data.prepare wrote")
    add("--output_dir", required=True, type=Path)
    add("--init_from", help="weights to start from, over the config's")
    add("--set", action="append", default=[], metavar="FIELD=VALUE",
        help="another value for a field, as optimizer.learning_rate=1e-4")  # fmt: skip
    add("--coordinator", help="address:port of host 0, or auto; for several hosts")
    add("--num_hosts", type=int)
    add("--host", type=int, help="number of this host, from 0")
    return parser


if __name__ == "__main__":
    sys.exit(main())
