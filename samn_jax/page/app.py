"""The page itself, in gradio: components, and which click calls what of the desk."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from samn_jax.errors import InputError
from samn_jax.page import desk as desk_lib
from samn_jax.page import export
from samn_jax.page.desk import Desk, View

_WORK = "work"  # events that change the session wait for each other
_HELP = """**1** name an object and add it · **2** click two opposite corners of its
box in the picture, or give a mask · **3** track. Scrub, correct a frame in the same
way: what follows is tracked anew. Red ticks mark frames worth a look."""
_STYLE = """
#frame img { cursor: crosshair; }
#strip img { cursor: pointer; }
footer { display: none !important; }
"""
# Fonts of the system: the page fetches nothing.
_FONTS: dict[str, Any] = {
    "font": ["system-ui", "sans-serif"],
    "font_mono": ["monospace"],
}


class _Page:
    """Components that every action may change."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.outputs: list[gr.components.Component] = []

    def values(self, view: View) -> tuple[Any, ...]:
        """Returns a view as values of the components."""
        names = self.desk.session.work.names
        choices = [(name, number) for number, name in names.items()]
        return (
            view.picture,
            view.frame_idx,
            view.strip,
            gr.Radio(choices=choices, value=view.object_id),
            view.message,
        )

    def on(
        self, event: Callable[..., Any], act: Callable[..., Any], *inputs: Any
    ) -> Any:
        """Connects an event to what returns a view, or several in turn."""
        return event(
            self._told(act), list(inputs), self.outputs, concurrency_id=_WORK,
            concurrency_limit=1, show_progress="hidden",
        )  # fmt: skip

    def _told(self, act: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
        @functools.wraps(act)
        def told(*values: Any) -> Iterator[Any]:
            try:
                done = act(*values)
                for view in [done] if isinstance(done, View) else done:
                    yield self.values(view)
            except InputError as error:
                yield self.values(self.desk.view(f"⚠ {error}"))

        return told


def build(desk: Desk) -> gr.Blocks:
    """Returns the page of a desk."""
    page = _Page(desk)
    title = f"samn: {Path(desk.session.source.name).name}"
    with gr.Blocks(title=title, analytics_enabled=False, fill_width=True) as blocks:
        gr.Markdown(f"### {title} · {desk.session.num_frames} frames")
        gr.Markdown(_HELP)
        with gr.Row():
            with gr.Column(scale=3):
                _build_left(page)
            with gr.Column(scale=1, min_width=320):
                _build_right(page)
        _build_inside(page)
        page.on(blocks.load, desk.view)
    return blocks


def launch(desk: Desk, port: int) -> None:
    """Serves the page on this machine until it is interrupted."""
    blocks = build(desk)
    blocks.queue(default_concurrency_limit=4)
    blocks.launch(
        server_name="127.0.0.1",
        server_port=port,
        share=False,
        quiet=True,
        ssr_mode=False,
        footer_links=[],
        theme=gr.themes.Base(**_FONTS),
        css=_STYLE,
        max_file_size="512mb",
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
    )


def _build_left(page: _Page) -> None:
    desk = page.desk
    message = gr.Textbox(
        elem_id="message", show_label=False, interactive=False, lines=1
    )
    frame = gr.Image(
        elem_id="frame", show_label=False, interactive=False, format="jpeg",
        buttons=[], height=desk_lib.SHOWN_HEIGHT,
    )  # fmt: skip
    last = desk.session.num_frames - 1
    slider = gr.Slider(0, max(1, last), 0, step=1, label="frame", elem_id="slider")
    strip = gr.Image(
        elem_id="strip", show_label=False, interactive=False, format="png", buttons=[]
    )
    with gr.Row():
        before = gr.Button("◀ worth a look", elem_id="check_before", size="sm")
        after = gr.Button("worth a look ▶", elem_id="check_after", size="sm")
        undo = gr.Button("undo", elem_id="undo", size="sm")
    objects = gr.Radio([], label="objects", elem_id="objects", render=False)
    page.outputs = [frame, slider, strip, objects, message]
    page.on(slider.release, desk.go_to, slider)
    page.on(before.click, lambda: desk.go_to_check(-1))
    page.on(after.click, lambda: desk.go_to_check(1))
    page.on(undo.click, desk.undo)

    def column(event: gr.SelectData) -> Iterator[Any]:
        yield page.values(desk.go_to_column(event.index[0]))

    strip.select(column, None, page.outputs, concurrency_id=_WORK)
    _connect_clicks(page, frame)


def _connect_clicks(page: _Page, frame: gr.Image) -> None:
    desk = page.desk

    def click(event: gr.SelectData) -> Iterator[Any]:
        if desk.has_corner:
            yield page.values(desk.view("one moment, the object is cut out ..."))
        try:
            view = desk.click(*map(int, event.index))
        except InputError as error:
            view = desk.view(f"⚠ {error}")
        yield page.values(view)
        # A correction: what follows is tracked anew.
        if "tracked anew" in view.message:
            yield from map(page.values, desk.track_stale())

    frame.select(click, None, page.outputs, concurrency_id=_WORK)


def _build_right(page: _Page) -> None:
    desk = page.desk
    objects: Any = page.outputs[3]  # a radio, whose event its class does not declare
    objects.render()
    page.on(objects.input, desk.choose, objects)
    with gr.Row():
        name = gr.Textbox(show_label=False, placeholder="name", elem_id="name")
        add = gr.Button("add", elem_id="add", size="sm")
    remove = gr.Button("remove object", elem_id="remove", size="sm")
    page.on(add.click, desk.add_object, name)
    page.on(remove.click, desk.remove_object)
    _build_masks(page)
    _build_tracking(page)
    _build_memory(page)
    _build_files(page)


def _build_masks(page: _Page) -> None:
    desk = page.desk
    with gr.Accordion("mark by a mask", open=False, elem_id="masks"):
        upload = gr.UploadButton(
            "upload a mask", file_types=["image"], elem_id="mask_upload", size="sm"
        )
        height, width = desk.session.source.frame(0).image.shape[:2]
        editor = gr.ImageEditor(
            show_label=False, elem_id="painter", sources=(), transforms=(),
            layers=False, canvas_size=(width, height), fixed_canvas=True,
            brush=gr.Brush(colors=["#ff5c28"], color_mode="fixed"),
        )  # fmt: skip
        with gr.Row():
            fetch = gr.Button("paint on this frame", elem_id="paint", size="sm")
            use = gr.Button("use what is painted", elem_id="use_paint", size="sm")
    unmark = gr.Button("take back the mark in this frame", elem_id="unmark", size="sm")

    def mark(act: Callable[..., View]) -> Callable[..., Iterator[View]]:
        def marked(value: Any) -> Iterator[View]:
            yield act(value)
            yield from desk.track_stale()

        return marked

    page.on(upload.upload, mark(lambda p: desk.give_mask_file(Path(p))), upload)
    painted = mark(lambda v: desk.give_mask(desk_lib.painted_mask(v)))
    page.on(use.click, painted, editor)
    page.on(unmark.click, desk.unmark)
    fetch.click(lambda: desk.session.source.frame(desk.frame_idx).image, None, editor)


def _build_tracking(page: _Page) -> None:
    desk, last = page.desk, page.desk.session.num_frames - 1
    with gr.Row():
        backward = gr.Button("◀ track to the start", elem_id="backward", size="sm")
        forward = gr.Button(
            "track to the end ▶", elem_id="forward", size="sm", variant="primary"
        )
    with gr.Row():
        start = gr.Number(0, label="from", precision=0, elem_id="from")
        end = gr.Number(last, label="to", precision=0, elem_id="to")
        part = gr.Button("track", elem_id="part", size="sm")
    stop = gr.Button("stop", elem_id="stop", variant="stop", size="sm")
    page.on(forward.click, lambda: desk.track(desk.frame_idx, last))
    page.on(backward.click, lambda: desk.track(desk.frame_idx, 0))

    def track_part(first: float, final: float) -> Iterator[View]:
        if not (0 <= first <= last and 0 <= final <= last):
            raise InputError(f"frames are 0 to {last}: choose two of them")
        yield from desk.track(int(first), int(final))

    page.on(part.click, track_part, start, end)
    # Beside the others, which it is to end.
    stop.click(desk.stop, None, None, concurrency_id="stop", queue=False)


def _build_memory(page: _Page) -> None:
    desk = page.desk
    with gr.Accordion("memory", open=False, elem_id="memory"):
        look = gr.Button("which frames are remembered here", elem_id="look", size="sm")
        pictures = gr.Gallery(
            elem_id="remembered", show_label=False, columns=2, height="auto",
            interactive=False, buttons=[],
        )  # fmt: skip
    look.click(_or_error(desk.memory), None, pictures, concurrency_id=_WORK)


def _build_inside(page: _Page) -> None:
    desk = page.desk
    with gr.Accordion("inside the memory", open=False, elem_id="inside"):
        look = gr.Button(
            "what the memory held, read and wrote up to this frame",
            elem_id="look_inside",
            size="sm",
        )
        shown = gr.HTML(elem_id="inspect")
    look.click(_or_error(desk.look_inside), None, shown, concurrency_id=_WORK)


def _or_error(act: Callable[..., Any]) -> Callable[..., Any]:
    """Returns what shows an `InputError` of an action as a message."""

    @functools.wraps(act)
    def told(*values: Any) -> Any:
        try:
            return act(*values)
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return told


def _build_files(page: _Page) -> None:
    desk = page.desk
    with gr.Accordion("download", open=False, elem_id="download"):
        kinds = gr.CheckboxGroup(
            list(export.KINDS), value=["video (.mp4)"], show_label=False,
            elem_id="kinds",
        )  # fmt: skip
        make = gr.Button("make the files", elem_id="make", size="sm")
        video = gr.Video(elem_id="video", show_label=False, interactive=False)
        made = gr.File(elem_id="files", file_count="multiple", show_label=False)
    with gr.Accordion("session", open=False, elem_id="session"):
        save = gr.Button("save", elem_id="save", size="sm")
        saved = gr.File(elem_id="saved", show_label=False)
        reopen = gr.UploadButton(
            "open", file_types=[".samn"], elem_id="reopen", size="sm"
        )

    def export_kinds(chosen: list[str]) -> tuple[Any, Any]:
        paths = [str(path) for path in desk.export(chosen)]
        videos = [path for path in paths if path.endswith((".mp4", ".webm"))]
        return (videos[0] if videos else None), paths

    make.click(_or_error(export_kinds), kinds, [video, made], concurrency_id=_WORK)
    save.click(_or_error(lambda: str(desk.save())), None, saved, concurrency_id=_WORK)
    page.on(reopen.upload, lambda path: desk.load(Path(path)), reopen)
