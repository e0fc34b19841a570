"""Quiet for libraries that log to the terminal and know no log level."""

import importlib.abc
import importlib.util
import io
import os
import sys
import threading
import types
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from importlib.machinery import ModuleSpec

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


class _Muted(io.TextIOBase):
    """Stands for `sys.stdout` or `sys.stderr` inside a block, and passes all on after it.

    Loggers that are made inside keep it for good: TensorFlow's warnings go through it.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def write(self, text: str) -> int:
        stream = getattr(sys, self._name)
        if not isinstance(stream, _Muted):
            stream.write(text)
        return len(text)

    def flush(self) -> None:
        stream = getattr(sys, self._name)
        if not isinstance(stream, _Muted):
            stream.flush()


def _redirect(stack: ExitStack) -> None:
    null = stack.enter_context(open(os.devnull, "w"))
    stderr = os.dup(2)
    stack.callback(os.close, stderr)
    stack.callback(os.dup2, stderr, 2)
    os.dup2(null.fileno(), 2)
    stack.enter_context(redirect_stdout(_Muted("stdout")))
    stack.enter_context(redirect_stderr(_Muted("stderr")))
    stack.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")


class QuietTensorFlow(importlib.abc.MetaPathFinder):
    """Loads TensorFlow, whoever imports it, without its start-up chatter on the terminal.

    The first lines come before TensorFlow reads any setting, so that the terminal is held shut
    meanwhile; Python errors still pass. Later lines are only shown if they are errors, unless
    `TF_CPP_MIN_LOG_LEVEL` says otherwise.

    Example:
    >>> sys.meta_path.insert(0, QuietTensorFlow())
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Finds TensorFlow, once, and leaves all else to others."""
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_quietly(module: types.ModuleType) -> None:
                os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
                os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
                with silenced():
                    execute(module)

            spec.loader.exec_module = execute_quietly
        return spec
