"""The rules of docs/architecture.md that a program can check."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Each package of the library and the floor it lives on; imports run downward only.
FLOORS = [
    {"layers", "losses", "metrics", "optimizers", "data", "tasks", "plots"},
    {"models"},
    {"engine", "inference", "deploy", "legacy"},
]
FLOOR = {name: level for level, names in enumerate(FLOORS) for name in names}
# Helpers without any dependency inside the package; every floor may use them.
COMMON = {"files", "command_line", "__version__"}
BACKEND_AGNOSTIC = ("layers", "losses", "metrics", "models", "optimizers")


def modules(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def imports(path, module_level_only=False):
    """Dotted names of what a file imports."""
    tree = ast.parse(path.read_text())
    nodes = tree.body if module_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", modules("hinet_tf"), ids=lambda p: str(p.relative_to(ROOT)))
def test_library_imports_run_downward(path):
    package = path.relative_to(ROOT / "hinet_tf").parts[0].removesuffix(".py")
    for name in imports(path):
        parts = name.split(".")
        if parts[0] in {"training", "export"} or parts[:2] in (
            ["hinet_tf", "training"],
            ["hinet_tf", "export"],
        ):
            pytest.fail(f"{path.name} reaches up into {name}")
        if parts[0] != "hinet_tf" or len(parts) < 2 or package in COMMON | {"__init__"}:
            continue
        target = parts[1]
        if target in COMMON or target == package:
            continue
        if package == "inference":
            assert target not in {"engine", "deploy"}, f"{path.name} imports {name}"
        assert FLOOR[target] <= FLOOR[package], f"{path.name} ({package}) imports {name}"


@pytest.mark.parametrize("folder, other", [("training", "export"), ("export", "training")])
def test_programs_do_not_import_one_another(folder, other):
    for path in modules(folder):
        for name in imports(path):
            assert not name.startswith((other, f"hinet_tf.{other}")), f"{path} imports {name}"


@pytest.mark.parametrize("package", BACKEND_AGNOSTIC)
def test_the_network_and_its_training_objects_run_on_any_backend(package):
    for path in modules(f"hinet_tf/{package}"):
        assert not any(n.split(".")[0] == "tensorflow" for n in imports(path)), path


def test_nobody_uses_the_keras_2_of_tensorflow():
    for folder in ("hinet_tf", "training", "export"):
        for path in modules(folder):
            if "legacy" not in path.parts:
                assert "tf.keras" not in path.read_text(), path


def test_every_public_class_has_a_file_of_its_own():
    for folder in ("layers", "losses", "metrics", "optimizers"):
        for path in modules(f"hinet_tf/{folder}"):
            tree = ast.parse(path.read_text())
            public = [n.name for n in tree.body if isinstance(n, ast.ClassDef) and n.name[0] != "_"]
            assert len(public) <= 1, f"{path} defines {public}"
