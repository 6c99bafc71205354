"""The notebook runs from top to bottom, and says nothing of the machine that ran it."""

import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOK = Path(__file__).resolve().parents[1] / "examples" / "quickstart.ipynb"


def outputs(notebook):
    """The printed text of each cell that has some."""
    texts = {}
    for number, cell in enumerate(notebook.cells):
        printed = [o.text for o in cell.get("outputs", ()) if o.output_type == "stream"]
        if printed:
            texts[number] = "".join(printed)
    return texts


def test_the_notebook_names_no_machine():
    text = NOTEBOOK.read_text()
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert not re.search(r'"[^"]*(/home/|/root/|/tmp/|/work/|/Users/|C:\\)', text)
    assert '"output_type": "error"' not in text and '"stderr"' not in text
    assert len(text) < 400_000  # Its pictures are small.


@pytest.mark.product
def test_the_notebook_runs_from_top_to_bottom(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(NOTEBOOK.parents[1]))
    client = pytest.importorskip("nbclient", reason="nbclient is missing")
    stored = nbformat.read(NOTEBOOK, as_version=4)
    run = nbformat.read(NOTEBOOK, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    client.NotebookClient(run, timeout=500, resources=resources).execute()
    assert not list(tmp_path.iterdir())
    found = outputs(run)
    # Figures move with versions of XLA: only which ones there are is compared.
    assert found.keys() == outputs(stored).keys()
    figures = {number: re.findall(r"\d\.\d+", text) for number, text in found.items()}
    (after,) = [n for n, text in found.items() if "corrected" in text]
    before, corrected = map(float, figures[after])
    assert corrected > before + 0.1, "the correction raises J of the rest"
