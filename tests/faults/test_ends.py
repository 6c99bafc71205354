"""How commands end: messages that nobody reads, signals, disks, errors in the middle.

Each case ended with a traceback or lost what was done before `commands.py` was there.
"""

import contextlib
import errno
import io
import os
import signal
import sys

import pytest

from samn_jax import commands, errors
from samn_jax.errors import InputError
from samn_jax.media import video_writer
from samn_jax.media.destination import Destination
from samn_jax.track import command, outputs
from tests.media import clips
from tests.track import conftest

# The fixtures of the command's own tests.
clip, first_mask, run, tracker = (
    conftest.clip, conftest.first_mask, conftest.run, conftest.tracker,
)  # fmt: skip


def end(task, *, stopped="stopped", code=lambda error: 2):
    parser = commands.argparse.ArgumentParser()
    return commands.run(lambda flags: task(), parser, [], code=code, stopped=stopped)


@pytest.fixture
def stream():
    """Text streams of descriptors, closed in the end."""
    made = []

    def stream(descriptor, encoding="utf-8"):
        raw = os.fdopen(descriptor, "wb")
        made.append(io.TextIOWrapper(raw, encoding=encoding, write_through=True))
        return made[-1]

    yield stream
    for one in made:
        with contextlib.suppress(OSError):
            one.close()


@pytest.fixture
def unread(stream):
    """A text stream whose reader has gone, as after `| head`."""
    reader, writer = os.pipe()
    os.close(reader)
    return stream(writer)


@pytest.fixture
def as_of_the_package(monkeypatch):
    """Errors that a test raises are taken for the package's own."""
    monkeypatch.setattr(errors, "own_place", lambda error: None)


# Messages.


@pytest.mark.parametrize("which", ["stdout", "stderr"])
def test_a_run_goes_on_when_nobody_reads(
    clip, tracker, first_mask, tmp_path, monkeypatch, unread, which
):
    monkeypatch.setattr(command, "load_tracker", lambda flags: tracker)
    monkeypatch.setattr(sys, which, unread)
    table, folder = tmp_path / "boxes.csv", tmp_path / "out"
    words = ["--boxes", table, "--output", folder, "--mask", first_mask]
    assert command.main([str(clip), *map(str, words)]) == commands.UNREAD
    assert len(table.read_text().splitlines()) == 9
    assert len(list(folder.iterdir())) == 8


def test_messages_that_can_not_be_written_are_told(monkeypatch, capsys, stream):
    done = []
    monkeypatch.setattr(sys, "stdout", stream(os.open("/dev/full", os.O_WRONLY)))
    assert end(lambda: [print("one"), done.append(1)] and None) == commands.BAD_INPUT
    assert done == [1] and "No space left" in capsys.readouterr().err


def test_names_that_a_terminal_can_not_show_are_escaped(monkeypatch, stream):
    reader, writer = os.pipe()
    monkeypatch.setattr(sys, "stdout", stream(writer, "ascii"))
    assert end(lambda: print("wrote \u6f22.mp4")) == 0
    assert os.read(reader, 100) == b"wrote \\u6f22.mp4\n"
    os.close(reader)


def test_a_process_without_streams_works(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert end(lambda: print("one")) == 0


# Errors.


def fail(error):
    def task():
        raise error

    return task


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENAMETOOLONG, "File name too long", "a\nb"), r"a\nb: File name"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (MemoryError(), "not enough memory"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory"), "not enough memory"),
        (InputError("a\nb"), r"a\nb"),
    ],
)
def test_what_a_user_can_mend_is_one_line(capsys, as_of_the_package, error, words):
    assert end(fail(error), code=lambda error: 3) == 3
    told = capsys.readouterr().err
    assert told.startswith("error: ") and told.count("\n") == 1 and words in told


def test_a_fault_of_ours_is_shown_in_full(monkeypatch, as_of_the_package):
    with pytest.raises(commands.argparse.ArgumentError):
        end(fail(commands.argparse.ArgumentError(None, "ours")))
    monkeypatch.setenv("SAMN_TRACEBACK", "1")
    with pytest.raises(OSError, match="full"):
        end(fail(OSError(errno.ENOSPC, "full")))


def test_code_that_leaves_by_itself_is_an_error(capsys):
    assert end(fail(SystemExit(0))) == commands.BAD_INPUT
    assert "left by itself: SystemExit(0)" in capsys.readouterr().err


def test_ctrl_c_before_anything_began_is_a_word(capsys):
    assert end(fail(KeyboardInterrupt())) == commands.STOPPED
    assert capsys.readouterr().err == "stopped\n"


def test_an_error_amid_tracking_loses_nothing(
    run, clip, tmp_path, monkeypatch, tracker
):
    step, count = type(tracker).step_in_place, []

    def breaks(self, *given):
        count.append(1)
        if len(count) == 4:
            raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory")
        return step(self, *given)

    monkeypatch.setattr(type(tracker), "step_in_place", breaks)
    status, said, error = run(clip, "--boxes", tmp_path / "b.csv")
    assert status == 2 and "error: not enough memory" in error
    assert "4 of 8 frames" in said
    assert len((tmp_path / "b.csv").read_text().splitlines()) == 5


# Signals.


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_waits_for_the_end_of_a_step(number):
    before, done = signal.getsignal(number), []
    with pytest.raises(KeyboardInterrupt), commands.Interrupts() as interrupts:
        with interrupts.held():
            os.kill(os.getpid(), number)
            done.append(1)
        done.append(2)
    assert done == [1]
    assert signal.getsignal(number) == before
    with pytest.raises(KeyboardInterrupt), commands.Interrupts():
        os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_amid_a_frame_keeps_the_video(
    run, clip, tmp_path, monkeypatch, number
):
    encode = video_writer.VideoWriter._encode

    def interrupted(self, frame):
        packets = encode(self, frame)
        if frame.index == 3:
            os.kill(os.getpid(), number)  # The frame is encoded, but not counted.
        return packets

    monkeypatch.setattr(video_writer.VideoWriter, "_encode", interrupted)
    status, said, _ = run(clip, "--output", tmp_path / "out.mp4")
    assert status == commands.STOPPED and "4 of 8 frames" in said
    assert len(clips.read_back(tmp_path / "out.mp4")[0]) == 4


def test_a_signal_while_results_are_completed_keeps_them_all(
    run, clip, tmp_path, monkeypatch
):
    finish = outputs.Output.finish

    def interrupted(self, **options):
        os.kill(os.getpid(), signal.SIGINT)
        return finish(self, **options)

    monkeypatch.setattr(outputs.Output, "finish", interrupted)
    words = ["--output", tmp_path / "out.mp4", "--boxes", tmp_path / "b.csv"]
    status, *_ = run(clip, *words)
    assert status == commands.STOPPED
    assert len(clips.read_back(tmp_path / "out.mp4")[0]) == 8
    assert len((tmp_path / "b.csv").read_text().splitlines()) == 9


# Two commands at once.


def test_a_folder_that_another_command_has_filled_is_left(tmp_path):
    ours = Destination(tmp_path / "out")
    ours.partial.mkdir()
    (ours.partial / "0.png").write_bytes(b"ours")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "0.png").write_bytes(b"theirs")
    place = ours.keep(whole=True)
    assert place == tmp_path / "out.other"
    assert (place / "0.png").read_bytes() == b"ours"
    assert (tmp_path / "out" / "0.png").read_bytes() == b"theirs"


def test_there_is_always_another_name_for_what_a_failing_run_leaves(tmp_path):
    for word in ("", ".incomplete", *(f".incomplete{i}" for i in range(2, 1001))):
        (tmp_path / f"out{word}.csv").write_bytes(b"earlier")
    ours = Destination(tmp_path / "out.csv")
    ours.partial.write_bytes(b"ours")
    assert ours.keep(whole=False).name == "out.incomplete1001.csv"
