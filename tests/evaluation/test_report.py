import html.parser

from samn_jax.evaluation import report, table

RESULTS = {
    "dataset": "folder",
    "metrics": {"J&F": 0.75, "J_mean": 0.7, "F_mean": 0.8},
    "sequences": {
        "cat<1>": {"J&F": 0.75, "J_mean": 0.7, "F_mean": 0.8},
        "unscored": {},
    },
    "failed": {},
    "frames_per_second": 21.26,
    "first_frame_seconds": 0.5,
    "timed": "tracker only",
    "manifest": {"git_commit": "abc", "config": {"mode": "<none>"}},
}


class Page(html.parser.HTMLParser):
    """Open tags, to see that every one is closed, and all cells."""

    def __init__(self, text):
        super().__init__()
        self.stack, self.cells, self.images = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.images.append(dict(attributes))
        elif tag != "meta":
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.stack[-1:] == ["td"]:
            self.cells.append(data)


def test_page_is_whole_and_escaped():
    page = Page(report.render_page(RESULTS, {"cat<1>": b"jpeg"}))
    assert page.stack == []
    assert page.cells[:4] == ["all", "0.750", "0.700", "0.800"]
    assert "cat<1>" in page.cells
    (image,) = page.images
    assert image["src"] == "data:image/jpeg;base64,anBlZw=="


def test_page_without_speed_or_scores():
    bare = {**RESULTS, "metrics": {}, "sequences": {}, "frames_per_second": None}
    assert Page(report.render_page(bare, {})).cells == ["all"]


def test_table_lines_up():
    lines = table.format_results(RESULTS).splitlines()
    assert lines[0].split() == ["J&F", "J_mean", "F_mean"]
    assert lines[1].split() == ["cat<1>", "0.750", "0.700", "0.800"]
    assert lines[2].split() == ["unscored"]
    assert lines[3].split()[:3] == ["all", "of", "folder"]
    assert len({len(line) for line in lines[:4]}) == 1
    assert lines[4].startswith("21.3 frames/s, first frame 0.50 s")
