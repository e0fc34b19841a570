"""Quiet for native libraries that log to file descriptor 2 and know no log level."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def silenced() -> Iterator[None]:
    """Discards what native code writes to stderr inside the block.

    The TFLite converter and LiteRT report every step there. Their failures come back as
    exceptions, so nothing is lost.

    Example:
    >>> with silenced():
    ...     _ = os.write(2, b"INFO: loading ...")
    """
    with ExitStack() as stack, open(os.devnull, "wb") as null:
        stderr = os.dup(2)
        stack.callback(os.close, stderr)
        stack.callback(os.dup2, stderr, 2)
        os.dup2(null.fileno(), 2)
        yield
