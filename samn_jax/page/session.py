"""What a person does with a video: mark objects, track, correct, undo; no page needed.

A result depends only on the prompts between it and the frame where its pass began: a
pass forward heeds the prompts up to each frame, a pass backward those from the end
down. So any stretch can be tracked anew, from the nearest state kept on the way.
"""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Bool

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.media.frames import Frame, FrameSource
from samn_jax.page import work as work_lib
from samn_jax.page.work import Key, Work
from samn_jax.track import results as results_lib
from samn_jax.track import run, stretches
from samn_jax.track.prompts import Prompt
from samn_jax.track.results import FrameResult
from samn_jax.tracking import Tracker

KEEP_EVERY = 32  # frames between the states that are kept on the host, at first
MAX_KEPT = 32  # states; beyond, every second one is dropped
MAX_OBJECTS = 16
_MAX_UNDO = 100


class Session:
    """One person's work on one video."""

    def __init__(self, tracker: Tracker, source: FrameSource) -> None:
        """Begins with nothing marked.

        Args:
          tracker: what tracks.
          source: the video, which must tell how many frames it has.

        Raises:
          InputError: it doesn't.
        """
        if source.num_frames is None:
            raise InputError(f"{source.name} doesn't tell its length: convert it first")
        self.tracker = self._tracker = tracker
        self.source = source
        self.num_frames = source.num_frames
        self.work = Work()
        self._undo: list[Work] = []
        self._keep_every = KEEP_EVERY

    def add_object(self, name: str = "") -> int:
        """Returns the id of a new object.

        Raises:
          InputError: the name is taken or can't be part of a file's name, or there are
            too many objects.
        """
        names = self.work.names
        number = next(i for i in range(1, 256) if i not in names)
        name = name.strip() or f"object {number}"
        files.check_name(name, "object")
        if name in names.values():
            raise InputError(f"there is an object called {name}: give another name")
        if len(names) >= MAX_OBJECTS:
            raise InputError(f"{MAX_OBJECTS} objects are the most: remove one")
        self._set(dataclasses.replace(self.work, names={**names, number: name}))
        return number

    def remove_object(self, object_id: int) -> None:
        """Forgets an object, its marks and its results."""
        work = self.work
        names = {i: name for i, name in work.names.items() if i != object_id}
        prompts = tuple(p for p in work.prompts if p.object_id != object_id)
        results = {
            index: work_lib.without(packed, object_id)
            for index, packed in work.results.items()
        }
        results = {index: packed for index, packed in results.items() if packed.objects}
        stale = work.stale & set(results)
        self._set(Work(names, prompts, results, {}, stale))

    def mark(
        self,
        object_id: int,
        frame_idx: int,
        *,
        mask: Bool[np.ndarray, "H W"] | None = None,
        box_xywh: tuple[float, float, float, float] | None = None,
    ) -> FrameResult:
        """Says where an object is in a frame; returns what is known of the frame now.

        In a frame that was tracked it is a correction: what follows is stale until it
        is tracked anew.

        Raises:
          InputError: there is no such object or frame, or the mark doesn't fit it.
        """
        work = self.work
        if object_id not in work.names:
            raise InputError(f"there is no object {object_id}: add it first")
        frame = self.source.frame(frame_idx)
        name = work.names[object_id]
        prompt = Prompt(object_id, name, frame_idx, mask, box_xywh)
        prompt.check(frame.image)
        _, alone = run.step(self.tracker, None, frame, [prompt], alone=True)
        assert alone is not None  # A prompt gives a result.
        result = work_lib.joined(self.result(frame_idx, frame), alone, object_id)
        others = tuple(
            p
            for p in work.prompts
            if (p.object_id, p.frame_idx) != (object_id, frame_idx)
        )
        prompts = tuple(sorted((*others, prompt), key=lambda p: p.frame_idx))
        kept = work_lib.kept_before(work.kept, frame_idx)
        stale = work.stale | set(self._stretch_after(frame_idx))
        packed = {**work.results, frame_idx: results_lib.pack(result)}
        self._set(Work(work.names, prompts, packed, kept, stale - {frame_idx}))
        return result

    def unmark(self, object_id: int, frame_idx: int) -> None:
        """Takes a mark back; what was tracked from it stays until tracked anew."""
        work = self.work
        prompts = tuple(
            p
            for p in work.prompts
            if (p.object_id, p.frame_idx) != (object_id, frame_idx)
        )
        kept = work_lib.kept_before(work.kept, frame_idx)
        stale = work.stale | {frame_idx, *self._stretch_after(frame_idx)}
        stale &= set(work.results)
        self._set(dataclasses.replace(work, prompts=prompts, kept=kept, stale=stale))

    def track(
        self,
        start: int,
        end: int,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[FrameResult | None]:
        """Tracks from a frame to another, included; backward if that lies before it.

        Yields the result of each frame from `start` on, and None for each frame on the
        way there. What was told is kept when it is stopped, or fails.

        Raises:
          InputError: no object is marked on the way, or a frame can't be read.
        """
        way = 1 if end >= start else -1
        before = self.work
        begin, tracking = self.resume(start, way)
        tracker = self.tracker_of_all
        frames = self.source.read(begin, end + way, way)
        self._push()
        for frame in frames:
            tracking, result = run.step(
                tracker, tracking, frame, before.prompts, alone=False
            )
            assert tracking is not None and result is not None  # It began at a mark.
            if frame.index % self._keep_every == 0:
                self._keep((way, frame.index), tracking)
            if way * frame.index >= way * start:
                self._put(result)
                yield result
            else:
                yield None
            if should_stop():
                return

    def track_stale(
        self, frame_idx: int, should_stop: Callable[[], bool] = lambda: False
    ) -> Iterator[FrameResult | None]:
        """Tracks anew what a correction in a frame has made stale.

        Raises:
          InputError: as `track`.
        """
        end = frame_idx
        while end + 1 in self.work.stale:
            end += 1
        if end > frame_idx:
            yield from self.track(frame_idx, end, should_stop)

    def result(self, frame_idx: int, frame: Frame | None = None) -> FrameResult | None:
        """Returns what is known of a frame, None if nothing."""
        packed = self.work.results.get(frame_idx)
        if packed is None:
            return None
        return results_lib.unpack(packed, frame or self.source.frame(frame_idx))

    def results(self) -> Iterator[FrameResult]:
        """Yields all results in the order of the video.

        Raises:
          InputError: a frame can't be read.
        """
        known = self.work.results
        if not known:
            return
        for frame in self.source.read(min(known), max(known) + 1):
            if frame.index in known:
                yield results_lib.unpack(known[frame.index], frame)

    def curve(self, object_id: int) -> list[tuple[int, float, float]]:
        """Returns frame, confidence and uncertainty of an object, where it is known."""
        return [
            (index, one.confidence, one.uncertainty)
            for index, packed in sorted(self.work.results.items())
            for one, _ in packed.objects
            if one.object_id == object_id
        ]

    def worth_checking(self) -> list[int]:
        """Returns the frames that a person should look at, in order.

        They are the first of each stretch in which an object was lost or unsure, and
        those of sudden falls of confidence.
        """
        found: set[int] = set()
        for number in self.work.names:
            curve = [(index, value) for index, value, _ in self.curve(number)]
            found |= {stretch.first for stretch in stretches.find(curve)}
            found |= stretches.falls(curve)
        return sorted(found)

    def replace(self, work: Work) -> None:
        """Goes on with other work, such as that of a saved session."""
        self._set(work)

    def undo(self) -> bool:
        """Goes back to before the last change; returns whether there was one."""
        if not self._undo:
            return False
        self.work = self._undo.pop()
        return True

    @property
    def tracker_of_all(self) -> Tracker:
        """Returns the tracker with a slot for each object."""
        slots = max(1, len(self.work.names))
        if self._tracker.object_slots != slots:  # A new one knows no forms of states.
            self._tracker = dataclasses.replace(self.tracker, object_slots=slots)
        return self._tracker

    def resume(
        self, start: int, way: int, *, after: bool = False
    ) -> tuple[int, run.Tracking | None]:
        """Returns the frame to begin at, and what is tracked before it.

        Args:
          start: the frame whose result is wanted.
          way: 1 forward, -1 backward.
          after: whether what is tracked after that frame will do as well.

        Raises:
          InputError: no object is marked on the way.
        """
        marks = [way * p.frame_idx for p in self.work.prompts]
        on_the_way = [at for at in marks if at <= way * start]
        if not on_the_way:
            raise InputError(
                f"no object is marked in frame {start} or "
                f"{'before' if way > 0 else 'after'} it: mark one there"
            )
        limit, first = way * start + after, min(on_the_way)
        kept = [way * at for d, at in self.work.kept if d == way and way * at < limit]
        if not kept or max(kept) < first:
            return way * first, None
        at = way * max(kept)
        return at + way, work_lib.to_device(self.work.kept[way, at])

    def _keep(self, key: Key, tracking: run.Tracking) -> None:
        kept = {**self.work.kept, key: work_lib.to_host(tracking)}
        if len(kept) > MAX_KEPT:
            self._keep_every *= 2
            kept = {k: v for k, v in kept.items() if k[1] % self._keep_every == 0}
        self.work = dataclasses.replace(self.work, kept=kept)

    def _put(self, result: FrameResult) -> None:
        index = result.frame.index
        known = {**self.work.results, index: results_lib.pack(result)}
        stale = self.work.stale - {index}
        self.work = dataclasses.replace(self.work, results=known, stale=stale)

    def _stretch_after(self, frame_idx: int) -> range:
        """Returns the tracked frames that follow a frame without a gap."""
        end = frame_idx + 1
        while end in self.work.results:
            end += 1
        return range(frame_idx + 1, end)

    def _set(self, work: Work) -> None:
        self._push()
        self.work = work

    def _push(self) -> None:
        self._undo = [*self._undo[-_MAX_UNDO + 1 :], self.work]
