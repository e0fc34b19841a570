"""What MkDocs does not know of this repository: pages outside docs/, and an API reference.

The README becomes the first page, `benchmarks/` and a few files of the root become pages, and each
public name of each package gets an entry, rendered from its docstring. A name without one fails the
build.
"""

import ast
import json
import posixpath
import re
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent.parent
# Of the root, and where each lies in the site.
OUTSIDE = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "SECURITY.md": "security.md"}
OUTSIDE |= {"CONTRIBUTING.md": "contributing.md"}
OUTSIDE |= {f"benchmarks/{path.name}": f"benchmarks/{path.name}" for path in
            sorted((ROOT / "benchmarks").glob("*.md"))}  # fmt: skip
PACKAGES = (
    *("", "data", "models", "models.presets", "layers", "losses", "metrics", "optimizers"),
    *("tasks", "inference", "evaluation", "deploy", "engine", "images", "plots", "legacy"),
)
_LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")


def public_names(package: str) -> dict[str, str]:
    """Looks up what a package offers, without importing it.

    Args:
        package: Dotted name below `hinet_tf`; empty for the package itself.

    Returns:
        Public name -> dotted name of what it is where it is defined.
    """
    module = f"hinet_tf.{package}".rstrip(".")
    tree = ast.parse((ROOT / module.replace(".", "/") / "__init__.py").read_text())
    found: dict[str, str] = {}
    chosen = None
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hinet_tf"):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}"
                      for alias in node.names}  # fmt: skip
        if isinstance(node, ast.keyword) and node.arg == "submod_attrs":
            for part, names in ast.literal_eval(node.value).items():
                found |= {name: f"{module}.{part}.{name}" for name in names}
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node in tree.body:
            found[node.name] = f"{module}.{node.name}"
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            chosen = ast.literal_eval(node.value)
    for name, path in found.items():
        # A name of another package stands where that defines it.
        other, _, last = path.rpartition(".")
        if other != module and (ROOT / other.replace(".", "/")).is_dir():
            found[name] = public_names(other.removeprefix("hinet_tf.")).get(last, path)
    names = found if chosen is None else chosen
    return {name: found[name] for name in names if name in found and not name.startswith("_")}


def on_files(files, config):
    """Adds the pages that do not lie in docs/."""
    for source, target in OUTSIDE.items():
        files.append(File.generated(config, target, abs_src_path=str(ROOT / source)))
    for notebook in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        page = f"notebooks/{notebook.stem}.md"
        files.append(File.generated(config, page, content=_notebook(notebook)))
    for package in PACKAGES:
        names = public_names(package)
        if names:
            page = f"api/{package or 'hinet_tf'}.md"
            files.append(File.generated(config, page, content=_reference(package, names)))
    return files


def _notebook(path: Path) -> str:
    parts = [f"The [notebook itself]({path.name}) runs in Jupyter.\n"]
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        parts.append(f"```python\n{text}\n```" if cell["cell_type"] == "code" else text)
    # The title first.
    parts[0], parts[1] = parts[1], parts[0]
    return "\n\n".join(parts) + "\n"


def _reference(package: str, names: dict[str, str]) -> str:
    module = f"hinet_tf.{package}".rstrip(".")
    lines = [f"# `{module}`", ""]
    for name, path in sorted(names.items()):
        lines += [f"::: {path}", "    options:", f"      heading: {module}.{name}", ""]
    return "\n".join(lines)


def on_page_markdown(markdown, page, config, files):
    """Points links at where pages lie in the site; of source files the name alone stays."""
    source = {target: name for name, target in OUTSIDE.items()}.get(
        page.file.src_uri, f"docs/{page.file.src_uri}"
    )

    def link(match: re.Match) -> str:
        if "://" in match[2] or match[2].startswith("mailto:"):
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))
        target = OUTSIDE.get(path, path.removeprefix("docs/"))
        here = posixpath.dirname(page.file.src_uri) or "."
        return f"{match[1]}{posixpath.relpath(target, here)}{match[3]}"

    return _LINK.sub(link, markdown)


def on_post_build(config):
    """Counts the public names, and insists on an entry for each."""
    wanted, missing = 0, []
    for package in PACKAGES:
        names = public_names(package)
        page = Path(config["site_dir"]) / "api" / f"{package or 'hinet_tf'}.html"
        html = page.read_text() if names else ""
        for name, path in names.items():
            wanted += 1
            if f'id="{path}"' not in html:
                missing.append(f"hinet_tf.{package}.{name}".replace("..", "."))
    if missing:
        raise PluginError(f"public names without a rendered entry: {', '.join(missing)}")
    print(f"{wanted} public names, each with an entry")
