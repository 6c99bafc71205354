"""The package's shape: who may import whom, and that all of it is documented."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

import samn_jax

PACKAGE = Path(__file__).resolve().parents[1] / "samn_jax"
# A folder may import from those before it.
FOLDERS = (
    "geometry",
    "memory",
    "dcf",
    "models",
    "tracking",
    "data",
    "media",
    "metrics",
    "evaluation",
    "toolkits",
    "training",
    "convert",
    "toolkits",
    "track",
    "page",
)
# Single files of the package, and the folders that each may import.
FILES = {
    "errors": (),
    "files": (),
    "varying": (),
    "overrides": (),
    "settings": (),
    "provenance": (),
    "losses": (),
    "compilation": (),
    "visualize": ("geometry", "data"),
    "__init__": ("tracking",),
}
# The files at the top of all, which nothing imports.
ENTRIES = {"__init__"}
# Conversion makes model files, and needs nothing of the rest.
ONLY = {"convert": {"models"}}
DEFINITIONS = (ast.ClassDef, ast.FunctionDef)


def sources():
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path):
    return str(path.relative_to(PACKAGE))


@functools.cache
def parse(path):
    return ast.parse(path.read_text())


def part_of(path):
    """The folder or single file of the package that a source belongs to."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def modules_of(node):
    """Dotted names that an import statement may bring in."""
    if isinstance(node, ast.ImportFrom) and node.module:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return []


def imported_parts(path):
    names = [name for node in ast.walk(parse(path)) for name in modules_of(node)]
    ours = [name.split(".") for name in names if name.startswith("samn_jax.")]
    return {parts[1] for parts in ours} & (set(FOLDERS) | set(FILES))


def allowed_parts(part):
    if part in ONLY:
        return ONLY[part] | {"errors", "files", "provenance"}
    before = set(FILES[part] if part in FILES else FOLDERS[: FOLDERS.index(part)])
    files = {name for name, folders in FILES.items() if set(folders) <= before}
    return before | files - ENTRIES


def test_every_part_of_the_package_has_its_place():
    parts = {part_of(path) for path in sources()}
    assert not parts - set(FOLDERS) - set(FILES)


def test_imports_go_one_way():
    wrong = []
    for path in sources():
        part = part_of(path)
        forbidden = imported_parts(path) - allowed_parts(part) - {part}
        wrong += [f"{name_of(path)} imports {name}" for name in sorted(forbidden)]
    assert not wrong


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
