"""Arms that say how much a difference means: the base, bounds, and chance."""

from samn_jax.lab.suite import Arm

RING = "ring"


def noise_arm(seed: int) -> Arm:
    """Returns ring on frames with noise of one gray level: what chance moves."""
    name = f"ring_noise{seed}"
    return Arm(name, ("memory.design=ring",), seed, remark="chaos floor")


def controls(noise_seeds: int = 1) -> tuple[Arm, ...]:
    """Returns the controls of every suite of designs, ring first."""
    return (
        Arm(RING, ("memory.design=ring",), remark="base"),
        *(noise_arm(seed) for seed in range(1, noise_seeds + 1)),
        Arm("first_last", ("memory.design=first_last",), remark="control"),
        Arm(
            "stm_large",
            ("memory.design=stm", "memory.capacity=64"),
            remark="control: large capacity",
        ),
        Arm("frozen", ("memory.design=frozen+ring",), remark="control: frame 0 alone"),
        Arm(
            "true_masks",
            ("memory.design=ring",),
            true_masks=True,
            loops=("open",),
            remark="upper bound: true masks remembered",
        ),
    )
