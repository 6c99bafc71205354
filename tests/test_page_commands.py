"""The commands of README and docs are taken as they stand there; none is run."""

import importlib
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from samn_jax import commands
from samn_jax.evaluation import main as evaluation
from samn_jax.evaluation import options

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
FILES = {"evaluate.py": "samn-evaluate", "train.py": "samn-train"}
COMMAND = re.compile(
    r"(?:samn-\w+|python (?:evaluate|train)\.py|python -m samn_jax\S*) .*"
)


def code_of(page):
    """Returns a page's blocks of code that are of no language, or indented."""
    fence, lines = None, []
    for line in page.read_text().splitlines():
        if line.startswith("```"):
            fence = line if fence is None else None
        elif fence == "```" or (fence is None and line.startswith("    ")):
            lines.append(line)
    return "\n".join(lines)


def commands_of(page):
    """Yields the words of each command in a page's blocks of code."""
    text = re.sub(r"\s*\\\n\s*|\n\s+(?=--)", " ", code_of(page))
    for line in COMMAND.findall(re.sub(r"\s+#.*|[;&].*", "", text)):
        line = re.sub(r"\$\(\(.*?\)\)|\$\w+", "1", line)  # A shell's variables.
        line = line if line.count('"') % 2 == 0 else line.rstrip('"')
        words = shlex.split(line)
        if not {"...", "…"} & set(words):  # Something is left out there.
            yield words


def main_of(words):
    """Returns the function that a command calls, and its arguments."""
    if words[0] != "python":
        module, _, name = SCRIPTS[words[0]].partition(":")
        return getattr(importlib.import_module(module), name), words[1:]
    if words[1] in FILES:
        return main_of([FILES[words[1]], *words[2:]])
    short = f"samn-{words[2].rpartition('.')[2]}"
    if short in SCRIPTS:
        return main_of([short, *words[3:]])
    module = importlib.import_module(words[2])
    if not hasattr(module, "main"):
        module = importlib.import_module(f"{words[2]}.__main__")
    return module.main, words[3:]


CASES = [
    pytest.param(words, id=f"{page.name}: {' '.join(words)}")
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for words in commands_of(page)
]


def test_commands_are_found():
    found = {words[0] for (words,) in (case.values for case in CASES)}
    assert found >= {*SCRIPTS, "python"} and len(CASES) > 50


@pytest.mark.parametrize("words", CASES)
def test_a_command_of_a_page_is_taken(words, monkeypatch):
    taken = []

    def run(command, parser, words, **_):
        taken.append(parser.parse_args(words))
        return 0

    monkeypatch.setattr(commands, "run", run)
    main, arguments = main_of(words)
    assert main(arguments) == 0
    (flags,) = taken
    if main is evaluation.main:
        if flags.dataset == "NAME":
            flags.dataset = "davis16"
        options.check(evaluation.config_from(flags))
