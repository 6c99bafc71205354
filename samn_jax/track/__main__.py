"""python -m samn_jax.track: see `command`."""

import sys

from samn_jax.track import command

if __name__ == "__main__":
    sys.exit(command.main())
