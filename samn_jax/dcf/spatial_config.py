"""Settings of the spatial memory; the defaults are those of the authors' release."""

import dataclasses

from samn_jax import settings
from samn_jax.errors import InputError


@dataclasses.dataclass(frozen=True)
class SpatialMemoryConfig:
    """Settings of the spatial memory.

    Attributes:
        stride: Crop pixels per feature cell.
        kernel_size: Side of the filter in cells.
        num_projected: Channels after the projection; min with those of the features.
        sigma_factor: Labels' standard deviation as a fraction of the target's size.
        filter_reg: Weight of ‖filter‖².
        projection_reg: Weight of ‖projection‖².
        mlu_alpha: Where the response activation levels off below zero.
        first_steps: Gauss-Newton steps of the first-frame fit.
        first_cg_iterations: Conjugate-gradient iterations of each of those steps.
        capacity: Samples kept.
        learning_rate: How fast the weights of older samples decay per accepted frame.
        hard_negative_learning_rate: The same for a frame with a distractor.
        train_every_frames: The filter is refined every so many frames.
        cg_iterations: Conjugate-gradient iterations of a refinement.
        neighborhood_scale: A distractor lies outside a box of so many target sizes.
        hard_negative_ratio: A distractor scores above this fraction of the maximum.
        num_maxima: Accepted maxima that the uncertainty averages over.
        trusted_frames: The uncertainty of this many first frames is 0.
    """

    stride: int = 16
    kernel_size: int = 4
    num_projected: int = 64
    sigma_factor: float = 0.25
    filter_reg: float = 0.1
    projection_reg: float = 1e-4
    mlu_alpha: float = 0.05
    first_steps: int = 6
    first_cg_iterations: int = 10
    capacity: int = 250
    learning_rate: float = 0.0075
    hard_negative_learning_rate: float = 0.02
    train_every_frames: int = 10
    cg_iterations: int = 5
    neighborhood_scale: float = 2.2
    hard_negative_ratio: float = 0.3
    num_maxima: int = 25
    trusted_frames: int = 5

    def __post_init__(self) -> None:
        """Checks the settings.

        Raises:
            InputError: One is out of its range.
        """
        place = "spatial."
        sides = ("stride", "kernel_size", "num_projected", "train_every_frames")
        settings.check_at_least(self, 1, *sides, "capacity", "num_maxima", place=place)
        counts = ("first_steps", "first_cg_iterations", "cg_iterations")
        settings.check_at_least(self, 0, *counts, "trusted_frames", place=place)
        rates = ("learning_rate", "hard_negative_learning_rate", "hard_negative_ratio")
        settings.check_shares(self, *rates, place=place)
        sizes = ("sigma_factor", "filter_reg", "projection_reg", "mlu_alpha")
        settings.check_positive(self, *sizes, "neighborhood_scale", place=place)
        for name in rates[:2]:
            if getattr(self, name) == 1:  # Older samples would weigh nothing.
                raise InputError(f"{place}{name} is 1: give a share below 1")
