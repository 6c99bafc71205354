"""The paper's ablation: one part of the tracker left out at a time."""

from samn_jax.lab.suite import Arm, Clips, Suite

FULL = "full"

# J&F on DAVIS-2016-val as the paper prints its ablation: the full system, then one part
# left out after the other in the order of its table.
PAPER_FULL = 0.773
PAPER_ROWS = (0.703, 0.678, 0.691, 0.664, 0.636, 0.672)
PAPER_NOTE = (
    f"the paper's table (ResNet-50, DAVIS-2016-val, J&F): full {PAPER_FULL:.3f}; with "
    f"a part left out, in its order, {', '.join(f'{x:.3f}' for x in PAPER_ROWS)}. Only "
    "the figures are quoted here, not which row leaves out which part"
)

_RING = ("memory.design=ring",)
ROWS = (
    Arm(FULL, _RING, remark="base: the paper's memory, else the network's settings"),
    Arm(
        "no_last_add",
        (*_RING, "memory.last_add=False"),
        remark="last frame not remembered",
    ),
    Arm(
        "no_interval",
        (*_RING, "memory.memorize_every=0"),
        remark="no frames remembered at intervals",
    ),
    Arm(
        "no_filtered_samples",
        (*_RING, "memory.filter_samples=False"),
        remark="uncertain frames remembered too",
    ),
    Arm(
        "machine_emd",
        (*_RING, "memory.machine.mode=emd"),
        remark="dynamic memory machine on",
    ),
    Arm(
        "machine_cross_reference",
        (*_RING, "memory.machine.mode=cross_reference"),
        remark="cell weights of the dynamic memory machine on",
    ),
    Arm("no_spatial", (*_RING, "use_spatial=False"), remark="no spatial memory"),
)
NO_POSITIONS = "no_positions"


def positions_row(checkpoint: str) -> Arm:
    """Returns the row of a network that was trained without positional encoding."""
    remark = "another network, trained without positional encoding"
    return Arm(NO_POSITIONS, _RING, checkpoint=checkpoint, remark=remark)


ABLATION = Suite(
    name="ablation",
    base=FULL,
    controls=(*ROWS, Arm("noise1", _RING, noise=1, remark="chaos floor")),
    clips=Clips(objects=1),
    remarks=(PAPER_NOTE,),
)
