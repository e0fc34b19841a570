"""What an export found out about its file."""

from dataclasses import dataclass

from hinet_tf.deploy.agreement import PhotoAgreement
from hinet_tf.deploy.check import Check


@dataclass(frozen=True)
class TFLiteReport:
    """All checks of one exported file.

    Args:
        checks: Every gate with its result.
        photos: Model and file side by side, photo by photo.

    Example:
    >>> TFLiteReport(checks=(), photos=()).failed
    []
    """

    checks: tuple[Check, ...]
    photos: tuple[PhotoAgreement, ...]

    @property
    def failed(self) -> list[Check]:
        """The checks that do not hold."""
        return [check for check in self.checks if check.passed is False]
