"""The arms of a run: those of the suite and the designs that are asked for."""

import functools
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from samn_jax.evaluation.trackers import registry as trackers
from samn_jax.lab.suite import Arm, Suite, check_distinct
from samn_jax.memory import registry

_KEPT = 16  # trackers in memory at a time
_HEX = 10
DATASET, NOTE = "lab", "videos of the memory lab"


def of_designs(suite: Suite, designs: Sequence[str]) -> tuple[Arm, ...]:
    """Returns the suite's controls and an arm for each design that is none of them.

    Args:
      suite: with its controls.
      designs: names as `memory.design` takes them.

    Raises:
      InputError: two have one name.
    """
    known = {arm.name: arm.settings for arm in suite.controls}
    arms = []
    for design in designs:
        name = design.rpartition(":")[2] if registry.is_file(design) else design
        settings = (f"memory.design={design}",)
        if known.get(name) != settings:
            arms.append(Arm(name, settings))
    check_distinct((*suite.controls, *arms))
    return (*suite.controls, *arms)


@functools.lru_cache(maxsize=_KEPT)
def load(checkpoint: str, settings: tuple[str, ...]) -> tuple[Any, dict[str, Any]]:
    """Returns the tracker of a model file and settings, and the facts about it.

    Raises:
      InputError: the file or a setting can't be used.
    """
    return trackers.load_tracker("samn", checkpoint, settings)


def facts_of(arm: Arm, loop: str, about: dict[str, Any]) -> dict[str, Any]:
    """Returns everything that decides an arm's results, but for the videos."""
    how = {"noise": arm.noise, "true_masks": arm.true_masks, "loop": loop}
    return {"dataset": DATASET, "data": NOTE, **how, **about}


def folder_name(arm: Arm, facts: dict[str, Any]) -> str:
    """Returns the folder of an arm's results: another one for other facts.

    So a design that was edited gets a new one, and the old results stay.
    """
    text = json.dumps(facts, sort_keys=True)
    return f"{arm.name}-{hashlib.sha256(text.encode()).hexdigest()[:_HEX]}"
