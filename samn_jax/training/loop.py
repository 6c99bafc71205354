"""The training loop: batches in, steps, logs, checkpoints and model files out."""

import contextlib
import logging
from pathlib import Path
from typing import Literal

import cv2
import jax
import tqdm

from samn_jax.training import assemble, initialize, parallel, run_folder
from samn_jax.training import config as config_lib
from samn_jax.training.config import TrainConfig


def train_and_evaluate(
    config: TrainConfig, data_dir: str | Path | None, output_dir: Path
) -> Literal["finished", "stopped"]:
    """Trains as `config` says, going on from what `output_dir` holds.

    Leaves there: config.json, run.json, checkpoints/, log.jsonl, TensorBoard events,
    model.safetensors (averaged weights, float16), with held-out clips
    best.safetensors, and at the end finished.json.

    Returns:
      `stopped` after SIGTERM or Ctrl-C, when all is saved and the same call goes on; of
      a run that is finished, `finished` at once.

    Raises:
      InputError: a setting, the data, the weights to start from or `output_dir` can't
        be used, all found before anything is written; or the loss diverged
        (`divergence.DivergedError`).
    """
    cv2.setNumThreads(1)
    config_lib.check_division(
        config, devices=jax.device_count(), hosts=jax.process_count()
    )
    start = initialize.check(config)
    data = assemble.read_data(config, data_dir)
    identity = run_folder.Identity(config, start, data.facts)
    claim(identity, output_dir)
    is_chief = parallel.is_chief()
    with run_folder.held(output_dir) if is_chief else contextlib.nullcontext():
        return _train(identity, data, output_dir)


def _train(
    identity: run_folder.Identity, data: assemble.Data, output_dir: Path
) -> Literal["finished", "stopped"]:
    """Returns what `train_and_evaluate` does, in a folder that is this run's alone."""
    config = identity.settings
    if (finish := run_folder.read_finish(output_dir)) is not None:
        logging.warning("%s is finished: %d steps", output_dir, finish["steps"])
        return "finished"
    run = assemble.assemble(identity, data, output_dir)
    progress = tqdm.tqdm(
        initial=run.first_step,
        total=config.num_steps,
        unit="step",
        desc="compiling",
        disable=None if parallel.is_chief() else True,
    )
    step = run.first_step
    try:
        with parallel.StopSignal() as stop:
            for step in range(run.first_step + 1, config.num_steps + 1):
                run.step(step)
                progress.set_description("train", refresh=False)
                progress.update()
                progress.set_postfix(run.shown, refresh=False)
                last = stop.received(step) or step == config.num_steps
                run.report(step, last=step == config.num_steps)
                if step % config.save_every == 0 or last:
                    run.save(step)
                if last:
                    break
    finally:
        progress.close()
        run.close()
    if step < config.num_steps:
        return "stopped"
    if parallel.is_chief():
        run_folder.record_finish(output_dir, step, run.elapsed())
    return "finished"


def claim(identity: run_folder.Identity, folder: Path) -> None:
    """Makes the folder this run's; the chief host first, then the others check it.

    Raises:
      InputError: the folder can't be used, or holds another run.
    """
    if parallel.is_chief():
        run_folder.claim(identity, folder)
    parallel.meet("claimed")
    if not parallel.is_chief():
        run_folder.claim(identity, folder)
