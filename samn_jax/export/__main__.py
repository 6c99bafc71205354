"""python -m samn_jax.export: see `command`."""

import sys

from samn_jax.export import command

if __name__ == "__main__":
    sys.exit(command.main())
