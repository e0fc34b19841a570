"""Quiet for libraries that log to the terminal and know no log level."""

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout

_lock = threading.Lock()
_redirection = ExitStack()
_inside = 0


@contextmanager
def silenced() -> Iterator[None]:
    """Discards what libraries write to the terminal inside the block.

    The TFLite converter and LiteRT report every step on file descriptor 2, AI Edge Quantizer
    prints. Their failures come back as exceptions, so nothing is lost. The terminal belongs to
    the whole process: the first of several threads redirects it, the last one gives it back.
    Blocks are short, because what other threads write meanwhile is discarded too.

    Example:
    >>> with silenced():
    ...     print("loading ...")
    """
    global _inside
    with _lock:
        if not _inside:
            _redirect(_redirection)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _redirection.close()


def _redirect(stack: ExitStack) -> None:
    null = stack.enter_context(open(os.devnull, "w"))
    stderr = os.dup(2)
    stack.callback(os.close, stderr)
    stack.callback(os.dup2, stderr, 2)
    os.dup2(null.fileno(), 2)
    stack.enter_context(redirect_stdout(null))
    stack.enter_context(redirect_stderr(null))
    stack.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
