"""Examples are files, not a package."""

import importlib.util
import sys

from tests.conftest import ROOT


def path_of(name):
    return ROOT / "examples" / f"{name}.py"


def load(name):
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path_of(name))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
