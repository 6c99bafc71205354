"""How a torch name and layout becomes the path and layout of our variables."""

import dataclasses
import re

import numpy as np

Path = tuple[str, ...]

# Leaves of a torch module: name and number of axes → collection and our name.
LEAVES: dict[tuple[str, int], Path] = {
    ("weight", 4): ("params", "kernel"),
    ("weight", 1): ("params", "scale"),
    ("bias", 1): ("params", "bias"),
    ("running_mean", 1): ("batch_stats", "mean"),
    ("running_var", 1): ("batch_stats", "var"),
}
# Convolution kernels: (out, in, height, width) → (height, width, in, out).
KERNEL_AXES = (2, 3, 1, 0)


@dataclasses.dataclass(frozen=True)
class Kind:
    """One family of checkpoints.

    Attributes:
      roots: the modules that the checkpoint's top level fills.
      positions: the decoder's positional encoding.
      renamed: prefixes of torch names and what they become first.
      unused: patterns of torch names that we have no place for, and why.
      absent: patterns of our paths, joined by dots, that such a checkpoint lacks, and
        what fills them.
    """

    roots: tuple[Path, ...]
    positions: str
    renamed: dict[str, str]
    unused: dict[str, str]
    absent: dict[str, str]


_COUNTS = {r".*\.num_batches_tracked": "a counter of training steps"}
_COLORS = {r"Encoder_[MQ]\.(mean|std)": "ImageNet's colors, constants here"}

KINDS: dict[str, Kind] = {
    "samn": Kind(((),), "sum", {}, _COUNTS | _COLORS, {}),
    "stm": Kind(((),), "none", {}, _COUNTS | _COLORS, {}),
    "resnet50": Kind(
        roots=(("Encoder_M",), ("Encoder_Q",)),
        positions="sum",
        renamed={"layer1.": "res2.", "layer2.": "res3.", "layer3.": "res4."},
        unused=_COUNTS | {r"layer4\..*|fc\..*": "above the features that SAMN uses"},
        absent={
            r"params\.Encoder_M\.conv1_[mo]\..*": "fresh: it looks at masks",
            r"params\.(KV_[MQ]_r4|Decoder)\..*": "fresh: above the trunk",
        },
    ),
}


def module_path(name: str) -> Path:
    """Returns our module path of a dotted torch one: `res2.0.bn1` → `res2_0`, `bn1`."""
    name = re.sub(r"\b(res\d+)\.(\d+)", r"\1_\2", name)
    name = name.replace("downsample.0", "downsample_conv")
    return tuple(name.replace("downsample.1", "downsample_bn").split("."))


def variable_paths(name: str, axes: int, kind: Kind) -> list[Path]:
    """Returns the paths that a torch array goes to; none if no rule knows its leaf."""
    for old, new in kind.renamed.items():
        if name.startswith(old):
            name = new + name.removeprefix(old)
    module, _, leaf = name.rpartition(".")
    if not module or (leaf, axes) not in LEAVES:
        return []
    collection, ours = LEAVES[leaf, axes]
    return [(collection, *root, *module_path(module), ours) for root in kind.roots]


def layout(array: np.ndarray) -> np.ndarray:
    """Returns a torch array in our axis order, a view."""
    return array.transpose(KERNEL_AXES) if array.ndim == 4 else array


def layout_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Returns the shape that a torch array has in our axis order."""
    return tuple(shape[i] for i in KERNEL_AXES) if len(shape) == 4 else shape
