"""Puts LiteRT.js into wheels, so that the web page needs no network where they are installed."""

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithRuntime(build_py):
    """Fetches what wheels carry beside the package; one built without a network lacks it."""

    def run(self) -> None:
        """Builds."""
        if not self.editable_mode:
            sys.path.insert(0, str(ROOT))
            from hinet_tf.deploy.web.runtime import ensure_runtime

            try:
                ensure_runtime(ROOT / "export" / "web" / "litert")
            except OSError as error:
                self.warn(str(error))
        super().run()


setup(cmdclass={"build_py": BuildWithRuntime})
