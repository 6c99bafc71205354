"""Trains a network: --config configs/lite.py --data_dir DATA --output_dir OUT."""

import argparse
import dataclasses
import sys
from pathlib import Path

from samn_jax.errors import InputError
from samn_jax.training import config as config_lib
from samn_jax.training import loop


def main() -> int:
    """Returns 0, or 2 after a one-line error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True, help="a file of configs/")
    parser.add_argument("--data_dir", required=True, type=Path)
    parser.add_argument("--output_dir", required=True, type=Path)
    parser.add_argument("--init_from", help="weights to start from, over the config's")
    args = parser.parse_args()
    try:
        config = config_lib.load_config(args.config)
        if args.init_from:
            config = dataclasses.replace(config, init_from=args.init_from)
        loop.train_and_evaluate(config, args.data_dir, args.output_dir)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
