"""What a suite consists of: videos, controls, and how they are run."""

import dataclasses
from collections.abc import Sequence

from samn_jax import files, settings
from samn_jax.data.readers import scenes as scenes_lib
from samn_jax.errors import InputError
from samn_jax.lab.script import MOST_FRAMES, Script

LOOPS = ("closed", "open")
DIRECTIONS = ("forwards", "backwards")
LONG = ("ping_pong", "interrupted", "look_alike")


def _check_choices(what: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise InputError(
                f"{what} has {files.shown(name)!r}: choose from {', '.join(known)}"
            )
    if not given:
        raise InputError(f"{what} is empty: choose from {', '.join(known)}")


@dataclasses.dataclass(frozen=True)
class Arm:
    """One tracker that is compared.

    Attributes:
      name: in tables and folders.
      settings: `NAME=VALUE` of its tracker, as `--set` takes them.
      noise: seed of noise of one gray level on the frames; 0 is without.
      true_masks: remember the true masks instead of its own; in the open loop alone.
      checkpoint: a model file of its own; "" takes that of the others.
      loops: those it is run in.
      remark: what the table says beside it.
    """

    name: str
    settings: tuple[str, ...] = ()
    noise: int = 0
    true_masks: bool = False
    checkpoint: str = ""
    loops: tuple[str, ...] = LOOPS
    remark: str = ""

    def __post_init__(self) -> None:
        """Checks the name and the loops.

        Raises:
          InputError: it can't be that of a folder, the loops make no sense, or a field
            is of another type.
        """
        settings.check_types(self, "an arm's ")
        files.check_name(self.name, "design or control")
        settings.check_at_least(self, 0, "noise")
        _check_choices("loops", self.loops, LOOPS)
        if self.true_masks and self.loops != ("open",):
            raise InputError(
                f"{self.name} remembers true masks: give it the loops ('open',)"
            )


@dataclasses.dataclass(frozen=True)
class Clips:
    """Videos of a data set that are tracked.

    Attributes:
      names: of the videos; () takes all.
      limit: take only so many, spread evenly over the list; 0 takes all.
      directions: `forwards`, `backwards`.
      objects: of each video, the largest so many in its first frame; 0 takes all.
      long: what is made of each clip beside: `ping_pong`, back and forth to
        `long_frames`; `interrupted`, by 60 to 200 frames of another clip; `look_alike`,
        with a copy of the target that passes by.
      long_frames: of `ping_pong`.
    """

    names: tuple[str, ...] = ()
    limit: int = 0
    directions: tuple[str, ...] = DIRECTIONS
    objects: int = 1
    long: tuple[str, ...] = ()
    long_frames: int = 2000

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
          InputError: one makes no sense.
        """
        settings.check_types(self, "clips.")
        _check_choices("directions", self.directions, DIRECTIONS)
        settings.check_at_least(self, 0, "limit", "objects", place="clips.")
        if self.long:
            _check_choices("long", self.long, LONG)
        if not 3 <= self.long_frames <= MOST_FRAMES:
            raise InputError(
                f"long_frames is {self.long_frames}: give 3 to {MOST_FRAMES}"
            )


@dataclasses.dataclass(frozen=True)
class Suite:
    """What designs are compared on.

    Attributes:
      name: for tables.
      base: the arm that all others are compared with.
      controls: arms that are always run, the base among them.
      scenes: rendered clips of the built-in set; () takes none.
      scripts: long rendered videos, with or without events.
      seeds: of all that is rendered.
      clips: what is taken of a data set, if one is given.
      loops: `closed`, the tracker as it is, and `open`, with crops around the truth.
      settings: `NAME=VALUE` for all arms.
      remarks: what stands below the results.
    """

    name: str
    base: str
    controls: tuple[Arm, ...]
    scenes: tuple[str, ...] = ()
    scripts: tuple[Script, ...] = ()
    seeds: tuple[int, ...] = (0,)
    clips: Clips = Clips()
    loops: tuple[str, ...] = ("closed",)
    settings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Checks that the parts fit together.

        Raises:
          InputError: they do not.
        """
        settings.check_types(self, "a suite's ")
        names = [arm.name for arm in self.controls]
        if self.base not in names:
            raise InputError(
                f"suite {files.shown(self.name)} compares with {self.base!r}: name one "
                f"of its controls, {', '.join(names)}"
            )
        check_distinct(self.controls)
        for scene in self.scenes:
            _check_choices("scenes", (scene,), tuple(scenes_lib.SCENES))
        _check_choices("loops", self.loops, LOOPS)
        if not self.seeds or min(self.seeds) < 0:
            raise InputError(
                f"suite {files.shown(self.name)} has the seeds {self.seeds}: give one "
                "at least, of 0 or more"
            )


def check_distinct(arms: Sequence[Arm]) -> None:
    """Checks that no two arms have one name.

    Raises:
      InputError: two have.
    """
    names = [arm.name for arm in arms]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{files.shown(name)} is compared twice: name it once")
