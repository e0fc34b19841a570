"""Runs a program as if only what a plain `pip install hinet-tf` brings were installed.

    python tests/without_extras.py hinet restore photo.png --out restored --engine openvino
    python tests/without_extras.py FILE.py ARGUMENT ...
    python tests/without_extras.py -c "import hinet_tf.legacy"

Every other package of the environment can then neither be imported nor be found.
"""

import functools
import importlib.metadata
import re
import runpy
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from typing import Any

_REQUIREMENT = re.compile(r"([\w.-]+)\s*(?:\[([^]]*)\])?[^;]*(?:;\s*(.*))?")


def normalized(name: str) -> str:
    """The one spelling of a distribution's many."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(distribution: str, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """What a distribution requires with some of its extras, and with which of theirs."""
    for text in importlib.metadata.requires(distribution) or ():
        name, wanted, marker = _REQUIREMENT.match(text).groups()
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", marker or "")
        # Markers of the platform are not read: what they exclude is not installed either.
        if not extra or normalized(extra[1]) in extras:
            parts = (normalized(part) for part in (wanted or "").split(",") if part.strip())
            yield normalized(name), frozenset(parts)


def closure(distribution: str, *extras: str) -> set[str]:
    """The installed distributions that installing one brings, itself among them."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(distribution, frozenset(extras))]
    while waiting:
        item = waiting.pop()
        if item in seen:
            continue
        try:
            waiting += requirements(*item)
        except importlib.metadata.PackageNotFoundError:
            continue
        seen.add(item)
    return {name for name, _ in seen}


@functools.cache
def modules_by_distribution() -> dict[str, set[str]]:
    """The importable names that each installed distribution has."""
    found: dict[str, set[str]] = {}
    for module, names in importlib.metadata.packages_distributions().items():
        for name in names:
            found.setdefault(normalized(name), set()).add(module)
    return found


def hidden_modules() -> set[str]:
    """The importable names that a plain installation does not have."""
    plain = closure("hinet-tf")
    shown = {m for name in plain for m in modules_by_distribution().get(name, ())}
    return {m for modules in modules_by_distribution().values() for m in modules} - shown


class PlainInstallation:
    """Takes the place of Python's path finder, and finds what a plain installation has."""

    def __init__(self) -> None:
        self.modules, self.distributions = hidden_modules(), closure("hinet-tf")

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name.partition(".")[0] in self.modules:
            return None
        return PathFinder.find_spec(name, path, target)

    def find_distributions(self, *arguments: Any) -> Iterator[Any]:
        for found in PathFinder.find_distributions(*arguments):
            if normalized(found.metadata["Name"] or "") in self.distributions:
                yield found


if __name__ == "__main__":
    # Not this folder, whose names are those of the tests.
    sys.path.pop(0)
    sys.meta_path[sys.meta_path.index(PathFinder)] = PlainInstallation()
    sys.argv = sys.argv[1:]
    if sys.argv[0] == "hinet":
        from hinet_tf.commands.hinet import main

        raise SystemExit(main(sys.argv[1:]))
    if sys.argv[0] == "-c":
        exec(sys.argv[1], {"__name__": "__main__"})
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")
