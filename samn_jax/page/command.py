"""The command `samn-page`: the page of one video, on this machine only."""

import argparse
import os
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path

from samn_jax import commands
from samn_jax.errors import InputError
from samn_jax.track import arguments

_PORT = 7860
_MOST_FRAMES = 5000
_ABOUT = """Opens a page in the browser to track objects of a video with: mark them,
track, correct, download. It is served on this machine only and sends nothing out."""


def main(words: Sequence[str] | None = None) -> int:
    """Returns 0, or 2 after a one-line error."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    # Read when gradio and the hub's client are imported.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_OFFLINE"] = os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    return commands.run(run, _parser(), words)


def run(flags: argparse.Namespace) -> None:
    """Serves the page until it is interrupted.

    Raises:
      InputError: the video, the checkpoint, the port or the saved session can't be
        used.
    """
    _check_port(flags.port)
    from samn_jax.media import source as source_lib

    source = source_lib.open_source(flags.video, flags.rate)
    count = source.num_frames
    if count is not None and count > flags.max_frames:
        raise InputError(
            f"{source.name} has {count} frames, more than {flags.max_frames}: cut it "
            "into parts, or give --max-frames"
        )
    from samn_jax.page import app
    from samn_jax.page.desk import Desk
    from samn_jax.page.session import Session
    from samn_jax.track import command

    with tempfile.TemporaryDirectory(prefix="samn_page_") as folder:
        session = Session(command.load_tracker(flags), source)
        desk = Desk(session, Path(folder))
        if flags.session is not None:
            desk.load(flags.session)
        print(f"http://127.0.0.1:{flags.port}  (Ctrl-C ends it)", flush=True)
        app.launch(desk, flags.port)


def _check_port(port: int) -> None:
    """Makes sure that the port is free.

    Raises:
      InputError: it isn't.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise InputError(
                f"port {port} can't be used: give another --port"
            ) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="samn-page", description=_ABOUT)
    add = parser.add_argument
    add("video", help="video file or folder of pictures")
    add("--port", type=int, default=_PORT, help=f"of 127.0.0.1; {_PORT}")
    add("--session", type=Path, help="a session that the page saved")
    add("--max-frames", type=int, default=_MOST_FRAMES, help=f"{_MOST_FRAMES}")
    add("--rate", type=arguments.rate, help="frames per second of a folder; 25")
    arguments.add_tracker(parser)
    return parser
