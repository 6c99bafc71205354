"""The package's shape: who may import whom, and that all of it is documented."""

import ast
import functools
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import samn_jax

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "samn_jax"
PAGE = ROOT / "docs" / "ARCHITECTURE.md"
DOCS = sorted(str(path.relative_to(ROOT)) for path in PAGE.parent.glob("*.md"))
DEFINITIONS = (ast.ClassDef, ast.FunctionDef)


def rooms() -> dict[str, str]:
    """Returns the rooms in the order of ARCHITECTURE's table: name → its line there."""
    table = PAGE.read_text().partition("\n## Rooms\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\S+)` \| (.+) \|$", table, re.MULTILINE)
    assert len(dict(rows)) == len(rows), "a room stands twice in the table"
    return dict(rows)


ROOMS = rooms()
RANK = {name: number for number, name in enumerate(ROOMS)}


def sources():
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path):
    return str(path.relative_to(PACKAGE))


@functools.cache
def parse(path):
    return ast.parse(path.read_text())


def room_of(name):
    """The row that a file falls under: its own, or that of its innermost folder."""
    places = [name, *(f"{folder}/" for folder in Path(name).parents)]
    return next((place for place in places if place in ROOMS), None)


@functools.cache
def file_of(module):
    """The file of a dotted name, relative to the package; None if there is none."""
    base = PACKAGE.joinpath(*module.split(".")[1:])
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file() and base != PACKAGE:
            return name_of(path)
    return "__init__.py" if base == PACKAGE else None


def modules_of(node):
    """Dotted names that an import statement may bring in."""
    if isinstance(node, ast.ImportFrom) and node.module:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return []


def imported_files(path):
    """Files of the package that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(parse(path)):
        for module in modules_of(node):
            if module.split(".")[0] == "samn_jax":
                found.add(file_of(module) or file_of(module.rpartition(".")[0]))
    return found - {None}


def test_every_file_has_its_room_and_every_room_its_file():
    homes = {name_of(path): room_of(name_of(path)) for path in sources()}
    homeless = sorted(name for name, room in homes.items() if room is None)
    assert not homeless, f"give these a row under Rooms in {PAGE.name}"
    assert set(homes.values()) == set(ROOMS)


def test_imports_go_up():
    wrong = []
    for path in sources():
        here = RANK[room_of(name_of(path))]
        for name in sorted(imported_files(path)):
            if RANK[room_of(name)] > here:
                wrong.append(f"{name_of(path)} imports {name}, of a room below its own")
    assert not wrong


def test_imports_have_no_circles():
    graph = {name_of(path): imported_files(path) for path in sources()}
    graphlib.TopologicalSorter(graph).prepare()


def test_rooms_are_described_by_the_first_line_of_their_docstring():
    for room, line in ROOMS.items():
        path = PACKAGE / room / ("__init__.py" if room.endswith("/") else "")
        first = ast.get_docstring(parse(path)).partition("\n")[0]
        assert line == first, f"{PAGE.name}: | `{room}` | {first} |"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", *DOCS])
def test_files_that_the_docs_name_are_there(page):
    text = (ROOT / page).read_text()
    named = set(re.findall(r"`((?:[\w*]+/)+[\w*]+\.(?:py|md|npz))", text))
    missing = [
        name
        for name in sorted(named)
        if not any(list(folder.glob(name)) for folder in (ROOT, PACKAGE))
    ]
    assert not missing


def test_imports_are_absolute_and_by_name():
    wrong = []
    for path in sources():
        for node in ast.walk(parse(path)):
            star = isinstance(node, ast.ImportFrom) and (
                node.level or node.names[0].name == "*"
            )
            if star:
                wrong.append(f"{name_of(path)}:{node.lineno}")
    assert not wrong


def test_torch_and_config_libraries_stay_out_of_the_package():
    banned = {"torch", "torchvision", "ml_collections", "tensorflow"}
    wrong = []
    for path in sources():
        names = [name for node in ast.walk(parse(path)) for name in modules_of(node)]
        found = {name.split(".")[0] for name in names} & banned
        wrong += [f"{name_of(path)} imports {name}" for name in found]
    assert not wrong


def public_definitions(tree, prefix=""):
    """Classes, functions and methods without a leading underscore."""
    for node in tree.body:
        if isinstance(node, DEFINITIONS) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node, f"{prefix}{node.name}.")


def test_every_public_name_is_documented():
    bare = []
    for path in sources():
        tree = parse(path)
        if tree.body and not ast.get_docstring(tree):
            bare.append(name_of(path))
        for name, node in public_definitions(tree):
            if not ast.get_docstring(node):
                bare.append(f"{name_of(path)}: {name}")
    assert not bare


def test_every_function_is_annotated():
    bare = []
    for path in sources():
        for node in ast.walk(parse(path)):
            if not isinstance(node, ast.FunctionDef):
                continue
            arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            names = {x.arg for x in arguments if x.annotation is None}
            if names - {"self", "cls"} or node.returns is None:
                bare.append(f"{name_of(path)}:{node.lineno} {node.name}")
    assert not bare


def test_all_names_that_the_package_offers_are_documented():
    assert all(getattr(samn_jax, name).__doc__ for name in samn_jax.__all__)


def test_the_package_offers_what_its_tracker_does():
    assert set(samn_jax.__all__) == {"InputError", *samn_jax.tracking.__all__}


def test_reading_and_scoring_start_without_jax():
    program = "import sys, evaluate; print({'jax', 'flax'} & set(sys.modules))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_an_unknown_name_is_refused_as_usual():
    assert set(samn_jax.__all__) <= set(dir(samn_jax))
    with pytest.raises(AttributeError, match="no attribute 'Trackr'"):
        _ = samn_jax.Trackr
