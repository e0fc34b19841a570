"""Serves a page on this computer's loopback address."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class PageServer(ThreadingHTTPServer):
    """A server of one folder, for this computer alone.

    It sends the headers that isolate a page from others: without them browsers give WebAssembly
    no threads.

    Args:
        directory: The folder.
        port: Its port; 0 for any free one.

    Raises:
        OSError: If the port is taken.
    """

    daemon_threads = True

    def __init__(self, directory: Path, port: int = 8000) -> None:
        try:
            super().__init__(("127.0.0.1", port), partial(_Handler, directory=str(directory)))
        except OSError as error:
            raise OSError(
                f"Port {port} cannot be had ({error.strerror}); choose another with --port."
            ) from error

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.server_port}/"


class _Handler(SimpleHTTPRequestHandler):
    # Python takes these from the operating system, which may know others or none.
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".css": "text/css",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript",
        ".json": "application/json",
        ".tflite": "application/octet-stream",
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing of each request."""
