"""One thing that an export must fulfil."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """The result of one gate.

    Args:
        name: What is checked, in a few words.
        passed: Whether it holds; `None` where it could not be checked here.
        measured: What was found.
        required: What is asked for.

    Example:
    >>> Check("size", True, "11.2 MB", "11.1 MB ± 3 %").passed
    True
    """

    name: str
    passed: bool | None
    measured: str
    required: str
