"""The rules of docs/architecture.md that a program can check."""

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# The rooms of the house and the floor each lives on; imports run downward only.
FLOORS = [
    {"__version__", "files", "native_log", "processor", "command_line", "images"}
    | {"layers", "losses", "metrics"},
    {"optimizers", "tasks"},
    {"models", "plots", "data"},
    {"inference", "engine"},
    {"deploy", "evaluation", "legacy"},
    {"commands"},
    {"training", "export"},
]
FLOOR = {name: level for level, names in enumerate(FLOORS) for name in names}
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
    room = path.relative_to(ROOT / "hinet_tf").parts[0].removesuffix(".py")
    if room in ("__init__", "__main__"):
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] in ("training", "export"):
            pytest.fail(f"{path.name} reaches up into {name}")
        if parts[0] == "hinet_tf" and len(parts) > 1 and parts[1] != room:
            assert FLOOR[parts[1]] < FLOOR[room] or FLOOR[room] == 0, f"{path.name}: {name}"


def test_no_module_of_the_library_imports_itself_by_a_detour():
    """Imports inside functions count: a circle that is closed late is a circle."""
    files = {}
    for path in modules("hinet_tf"):
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        files[dotted.removesuffix(".__init__")] = path
    graph = {
        name: {
            target
            for imported in imports(path)
            for target in (imported, imported.rpartition(".")[0])
            if target in files and target not in (name, "hinet_tf")
        }
        for name, path in files.items()
    }
    try:
        tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


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
                tree = ast.walk(ast.parse(path.read_text()))
                used = {ast.unparse(node) for node in tree if isinstance(node, ast.Attribute)}
                assert "tf.keras" not in used, path


def test_every_public_class_has_a_file_of_its_own():
    for folder in ("layers", "losses", "metrics", "optimizers"):
        for path in modules(f"hinet_tf/{folder}"):
            tree = ast.parse(path.read_text())
            public = [n.name for n in tree.body if isinstance(n, ast.ClassDef) and n.name[0] != "_"]
            assert len(public) <= 1, f"{path} defines {public}"


def test_a_file_is_large_enough_to_be_one():
    """What is shorter belongs to its neighbour, but for faces of packages."""
    short = {
        str(path.relative_to(ROOT)): length
        for path in modules("hinet_tf")
        if path.name not in ("__init__.py", "__main__.py")
        and (length := len(path.read_text().splitlines())) < 30
    }
    assert not short
