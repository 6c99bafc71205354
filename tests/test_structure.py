"""The package's shape: who may import whom, and that all of it is documented."""

import ast
import functools
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "samn_jax"
# A folder may import from those before it.
FOLDERS = (
    "geometry",
    "memory",
    "dcf",
    "models",
    "tracking",
    "data",
    "metrics",
    "evaluation",
    "training",
    "convert",
)
# Single files of the package, and the folders below which they stand.
FILES = {
    "errors": (),
    "losses": (),
    "compilation": (),
    "visualize": ("geometry", "data"),
    "track": ("tracking", "data"),
    "__init__": ("tracking",),
}
# Conversion makes model files, and needs nothing of the rest.
ONLY = {"convert": {"models"}}


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
    return {parts[1] for parts in ours if (PACKAGE / parts[1]).exists()
            or (PACKAGE / f"{parts[1]}.py").exists()}  # fmt: skip


def allowed_parts(part):
    files = {name for name, folders in FILES.items() if name not in ("track",)}
    if part in ONLY:
        return ONLY[part] | {"errors"}
    if part in FILES:
        return set(FILES[part]) | {"errors", "compilation", "visualize"}
    before = set(FOLDERS[: FOLDERS.index(part)])
    # A file stands above the folders that it imports.
    above = {name for name in files if set(FILES[name]) <= before}
    return before | above


def test_every_part_of_the_package_has_its_place():
    parts = {part_of(path) for path in sources()}
    assert parts == set(FOLDERS) | set(FILES)


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_imports_go_one_way(path):
    part = part_of(path)
    forbidden = imported_parts(path) - allowed_parts(part) - {part}
    assert not forbidden, f"{name_of(path)} must not import {sorted(forbidden)}"


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_no_module_imports_itself_by_a_star_or_a_relative_path(path):
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno} is relative"
            assert all(alias.name != "*" for alias in node.names)


def test_torch_and_config_libraries_stay_out_of_the_package():
    banned = {"torch", "torchvision", "ml_collections", "tensorflow"}
    for path in sources():
        names = [name for node in ast.walk(parse(path)) for name in modules_of(node)]
        found = {name.split(".")[0] for name in names} & banned
        assert not found, f"{name_of(path)} imports {found}"


def public_definitions(tree, prefix=""):
    """Modules, classes, functions and methods without a leading underscore."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in tree.body:
        if isinstance(node, kinds) and not node.name.startswith("_"):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node, f"{prefix}{node.name}.")


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_every_public_name_is_documented(path):
    tree = parse(path)
    assert ast.get_docstring(tree) or not tree.body, "the module has no docstring"
    bare = [name for name, node in public_definitions(tree)
            if not ast.get_docstring(node)]  # fmt: skip
    assert not bare, f"{name_of(path)}: {bare} have no docstring"


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_every_function_is_annotated(path):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(parse(path)):
        if not isinstance(node, kinds):
            continue
        place = f"{name_of(path)}:{node.lineno} {node.name}"
        assert node.returns is not None, f"{place} has no return type"
        arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
        bare = [a.arg for a in arguments if a.annotation is None]
        assert set(bare) <= {"self", "cls"}, f"{place}: {bare} have no type"


def test_all_public_names_of_the_package_exist():
    import samn_jax

    for name in samn_jax.__all__:
        assert getattr(samn_jax, name).__doc__
