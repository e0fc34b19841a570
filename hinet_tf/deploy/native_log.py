"""Quiet for libraries that log to the terminal and know no log level."""

import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout


@contextmanager
def silenced() -> Iterator[None]:
    """Discards what libraries write to the terminal inside the block.

    The TFLite converter and LiteRT report every step on file descriptor 2, AI Edge Quantizer
    prints. Their failures come back as exceptions, so nothing is lost.

    Example:
    >>> with silenced():
    ...     print("loading ...")
    """
    with ExitStack() as stack, open(os.devnull, "w") as null:
        stderr = os.dup(2)
        stack.callback(os.close, stderr)
        stack.callback(os.dup2, stderr, 2)
        os.dup2(null.fileno(), 2)
        stack.enter_context(redirect_stdout(null))
        stack.enter_context(redirect_stderr(null))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        yield
