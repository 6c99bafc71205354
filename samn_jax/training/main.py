"""Trains a network: --config lite --data_dir DATA --output_dir OUT.

The same command goes on with a run that was cut off. Exit codes: 0 finished, 2 bad
input, 3 diverged, 4 another host was lost, 75 stopped by SIGTERM or Ctrl-C with
everything saved.
"""

import argparse
import functools
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from samn_jax import commands, files
from samn_jax.training import hosts as hosts_lib
from samn_jax.training import supervise

DIVERGED, LOST_HOST, STOPPED = 3, supervise.LOST_HOST, 75


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    command = functools.partial(_run, words)
    return commands.run(command, _parser(), words, code=exit_code)


def _run(words: Sequence[str], flags: argparse.Namespace) -> int:
    """Returns the exit code; with several hosts this process is ended at an error."""
    hosts = hosts_lib.hosts_from(
        flags.coordinator, flags.num_hosts, flags.host, flags.host_timeout
    )
    if hosts and not supervise.is_supervised():
        return supervise.run(words, hosts)
    try:
        return _train(flags, hosts)
    except Exception as error:
        if hosts and (told := commands.as_told(error)) is not None:
            print(f"error: {told}", file=sys.stderr)
            supervise.leave(exit_code(error))
        raise


def _train(flags: argparse.Namespace, hosts: hosts_lib.Hosts | None) -> int:
    """Returns the exit code of a training in this process."""
    from samn_jax import compilation
    from samn_jax.training import loop, parallel

    log_to_terminal()
    config = _read_config(flags)
    compilation.keep_compiled()
    if hosts:
        hosts_lib.connect(hosts)
        supervise.tell_joined()
    try:
        result = loop.train_and_evaluate(config, flags.data_dir, flags.output_dir)
    except (ValueError, RuntimeError) as error:
        if hosts and hosts_lib.is_of_lost_host(error):
            raise hosts_lib.lost(hosts) from error
        raise
    if result == "stopped":
        print(commands.GOES_ON, file=sys.stderr)
        return STOPPED
    if parallel.is_chief():
        _tell_models(flags.output_dir)
    return 0


def _tell_models(folder: Path) -> None:
    """Prints where the weights of a finished run lie."""
    from samn_jax.training import run_folder

    print(f"model: {files.shown(folder / run_folder.MODEL_FILE)}")
    best = folder / run_folder.BEST_FILE
    if best.exists():
        print(f"best on the clips held out: {files.shown(best)}")


def log_to_terminal() -> None:
    """Shows warnings, but for those of the libraries that say nothing to a user."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    # A save that failed is told by the exception that follows, in one line.
    logging.getLogger("absl").setLevel(logging.CRITICAL)
    # Of each array that a full disk has not taken; the error that follows says it once.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    if sys.unraisablehook is sys.__unraisablehook__:  # Nobody else's, as a test's.
        sys.unraisablehook = _tell_unraisable


def _tell_unraisable(problem: Any) -> None:
    """Shows an exception that can't be raised, but for those of a save that has failed.

    Its writers, threads of TensorStore, find nobody any more whom they could tell.
    """
    if str(problem.exc_value) != "Event loop is closed":
        sys.__unraisablehook__(problem)


def _read_config(flags: argparse.Namespace) -> Any:
    """Returns the config with the values that flags set."""
    from samn_jax import overrides
    from samn_jax.training import config_file

    assignments = list(flags.set)
    if flags.init_from:
        assignments.append(f"init_from={flags.init_from}")
    return overrides.override(config_file.load_config(flags.config), assignments)


def exit_code(error: Exception) -> int:
    """Returns the code of a training that ended with an error."""
    if isinstance(error, hosts_lib.LostHostError):
        return LOST_HOST
    from samn_jax.training import divergence

    diverged = isinstance(error, divergence.DivergedError)
    return DIVERGED if diverged else commands.BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config", required=True,
        help="a shipped config, as lite, or the path of a file")  # fmt: skip
    add("--data_dir", help="folder of clips, or what samn_jax.data.prepare wrote")
    add("--output_dir", required=True, type=Path)
    add("--init_from", help="weights to start from, over the config's")
    add("--set", action="append", default=[], metavar="FIELD=VALUE",
        help="another value for a field, as optimizer.learning_rate=1e-4")  # fmt: skip
    add("--coordinator", help="address:port of host 0, or auto; for several hosts")
    add("--num_hosts", type=int)
    add("--host", type=int, help="number of this host, from 0")
    add("--host_timeout", type=int, metavar="SECONDS",
        help="to wait for the other hosts at the start, and for one that is silent "
        f"({hosts_lib.TIMEOUT})")  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
