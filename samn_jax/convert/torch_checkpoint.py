"""Torch weights → variables of our network, every name accounted for."""

import dataclasses
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import flax.traverse_util
import numpy as np

from samn_jax import files
from samn_jax.convert import rules, torch_reader
from samn_jax.convert.torch_values import Tensor
from samn_jax.errors import InputError
from samn_jax.models import model_file, samn, weights


@dataclasses.dataclass(frozen=True)
class Report:
    """What became of every name.

    Attributes:
      kind: the family of the checkpoint, a key of `rules.KINDS`.
      config: the network that the variables fit.
      used: torch names that were taken.
      missing: our names that the checkpoint lacks, and what fills them.
      unexpected: torch names that have no place here, and why.
    """

    kind: str
    config: samn.SAMNConfig
    used: tuple[str, ...]
    missing: dict[str, str]
    unexpected: dict[str, str]

    def __str__(self) -> str:
        lines = [f"{self.kind}: {len(self.used)} tensors used"]
        for title, names in (
            ("missing here", self.missing),
            ("not used", self.unexpected),
        ):
            reasons = sorted(set(names.values()))
            for reason in reasons:
                group = [name for name, why in names.items() if why == reason]
                lines.append(f"  {len(group)} {title} ({reason}): {_few(group)}")
        return "\n".join(lines)


def detect_kind(names: Iterable[str]) -> str:
    """Returns the kind that has such names; STM's are SAMN's, so it is never found."""
    return "resnet50" if any(n.startswith("layer1.") for n in names) else "samn"


def load_torch_checkpoint(
    path: str | Path, *, kind: str = "auto", config: samn.SAMNConfig | None = None
) -> tuple[dict[str, Any], Report]:
    """Returns the network's variables with a torch checkpoint's weights, and a report.

    Args:
      path: file of `torch.save`, in the zip or the older layout.
      kind: "samn"; "stm", whose names and shapes are the same but which knows no
        distance map; "resnet50", torchvision's classifier, which fills both encoders
        and leaves the rest fresh; or "auto" to tell by the names (never "stm").
      config: the network, if it is not of the paper's size.

    Raises:
      InputError: the file cannot be read; a name is missing or unexpected that
        `rules.KINDS` does not list as an exception; shapes differ; or a weight is not
        finite.
    """
    checkpoint = torch_reader.read_checkpoint(path)
    kind = detect_kind(checkpoint.tensors) if kind == "auto" else kind
    if kind not in rules.KINDS:
        raise InputError(f"kind {kind!r} is unknown: choose from {list(rules.KINDS)}")
    rule = rules.KINDS[kind]
    config = config or samn.SAMNConfig(positions=rule.positions)
    wanted = {
        tuple(name.split("/")): shape
        for name, shape in model_file.variable_shapes(config).items()
    }
    targets, unexpected = _place(path, checkpoint.tensors, rule, wanted)
    taken = {target for found in targets.values() for target in found}
    missing = _account(
        path, "lacks", [".".join(p) for p in wanted if p not in taken], rule.absent
    )
    filled: dict[rules.Path, np.ndarray] = {}
    for name, array in checkpoint.arrays(targets).items():
        ours = weights.as_float32(rules.layout(array), path, name)
        filled |= dict.fromkeys(targets[name], ours)
    rng = np.random.default_rng(0)
    for name in missing:
        target = tuple(name.split("."))
        filled[target] = _fresh(wanted[target], rng)
    report = Report(kind, config, tuple(targets), missing, unexpected)
    return flax.traverse_util.unflatten_dict(filled), report


def _place(
    path: str | Path,
    tensors: dict[str, Tensor],
    rule: rules.Kind,
    wanted: dict[rules.Path, tuple[int, ...]],
) -> tuple[dict[str, list[rules.Path]], dict[str, str]]:
    """Returns our paths of each torch name, and the names that have none with why."""
    placed: dict[str, list[rules.Path]] = {}
    taken: set[rules.Path] = set()
    homeless, unequal, twice = [], [], []
    for name, tensor in tensors.items():
        targets = rules.variable_paths(name, len(tensor.shape), rule)
        targets = [target for target in targets if target in wanted]
        if not targets:
            homeless.append(name)
            continue
        ours = rules.layout_shape(tensor.shape)
        if unlike := [wanted[t] for t in targets if wanted[t] != ours]:
            unequal.append(f"{name} {ours} (ours {unlike[0]})")
        if not taken.isdisjoint(targets):
            twice.append(name)
        taken.update(targets)
        placed[name] = targets
    unexpected = _account(path, "has unexpected", homeless, rule.unused)
    if unequal:
        raise InputError(
            f"{files.shown(path)} has other shapes than the network, as (height, width,"
            f" in, out): {_few(unequal)}"
        )
    if twice:
        raise InputError(f"{files.shown(path)} has weights twice: {_few(twice)}")
    return placed, unexpected


def _account(
    path: str | Path, verb: str, names: list[str], exceptions: dict[str, str]
) -> dict[str, str]:
    """Returns the reason of every name, or raises naming those without one."""
    reasons = {
        name: reason
        for name in names
        for pattern, reason in exceptions.items()
        if re.fullmatch(pattern, name)
    }
    unexplained = [name for name in names if name not in reasons]
    if unexplained:
        raise InputError(
            f"{files.shown(path)} {verb} {len(unexplained)} names: "
            f"{_few(unexplained)}; is it another network, or another --kind?"
        )
    return reasons


def _fresh(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Returns a kernel of deviation 1/sqrt(inputs), or zeros for a bias."""
    if len(shape) < 2:
        return np.zeros(shape, np.float32)
    deviation = 1.0 / np.sqrt(np.prod(shape[:-1]))
    return (rng.standard_normal(shape) * deviation).astype(np.float32)


def _few(names: list[str], most: int = 6) -> str:
    """Returns the first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return files.shown(", ".join(names[:most])) + more
