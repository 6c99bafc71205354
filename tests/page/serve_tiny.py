"""Serves the page of a clip with a tracker that needs no weights: FOLDER PORT."""

import os
import sys
import tempfile
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from samn_jax.media import source
from samn_jax.page import app
from samn_jax.page.desk import Desk
from samn_jax.page.session import Session
from samn_jax.tracking import Tracker
from tests.tracking import color_net


def main(folder: str, port: str) -> None:
    tracker = Tracker(
        color_net.make_spec(use_spatial=False, **{"memory.memorize_every": 0}), {}
    )
    with tempfile.TemporaryDirectory() as downloads:
        desk = Desk(Session(tracker, source.open_source(folder)), Path(downloads))
        app.launch(desk, int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
