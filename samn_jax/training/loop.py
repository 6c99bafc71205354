"""The training loop: batches in, steps, logs, checkpoints and model files out."""

from pathlib import Path
from typing import Literal

import cv2
import tqdm

from samn_jax.training import assemble, parallel, run_folder
from samn_jax.training.config import TrainConfig


def train_and_evaluate(
    config: TrainConfig, data_dir: str | Path | None, output_dir: Path
) -> Literal["finished", "stopped"]:
    """Trains as `config` says, going on from what `output_dir` holds.

    Leaves there: config.json, run.json, checkpoints/, log.jsonl, TensorBoard events,
    model.safetensors (averaged weights, float16) and, with held-out clips,
    best.safetensors.

    Returns:
      `stopped` after SIGTERM or Ctrl-C, when all is saved and the same call goes on.

    Raises:
      InputError: there is no data, `output_dir` can't be used or is of another run, or
        the loss diverged (`guard.DivergedError`).
    """
    cv2.setNumThreads(1)
    run_folder.claim(config, output_dir)
    run = assemble.assemble(config, data_dir, output_dir)
    progress = tqdm.tqdm(
        initial=run.first_step,
        total=config.num_steps,
        unit="step",
        disable=None if parallel.is_chief() else True,
    )
    step = run.first_step
    try:
        with parallel.StopSignal() as stop:
            for step in range(run.first_step + 1, config.num_steps + 1):
                run.step(step)
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
    return "finished" if step >= config.num_steps else "stopped"
