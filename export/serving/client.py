r"""Restores images on a TensorFlow Serving server, over REST or gRPC.

    python export/serving/client.py photo.jpg scans/*.png --url http://localhost:8501 --out restored
    python export/serving/client.py photo.jpg --url grpc://localhost:8500 --label canary --out out

This file needs nothing else of the project: copy it. REST takes `requests` and `pillow`, gRPC
takes `grpcio`, `tensorflow-serving-api` and `pillow`.
"""

import argparse
import base64
import importlib.util
import io
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError


class RefusedImage(ValueError):
    """The server has seen this file and will not restore it; sending it again is of no use."""


class ServerError(OSError):
    """No answer in time, or none that can be used, after all attempts."""


class RestorationClient:
    """Sends image files to a server and returns restored ones.

    What can pass by itself - a lost connection, a full queue, a version that is being exchanged -
    is tried again after a growing, random pause, so that many clients do not return at once.

    Args:
        url: `http://host:8501`, `https://...` or `grpc://host:8500`.
        model: Name of the model in `models.config`.
        label: Version label such as `"stable"`; `None` for the latest version.
        timeout: Seconds for one image, all attempts together.
        attempts: How often one image is sent at most.
        pause: Seconds before the second attempt; doubled before each further one.
        max_pixels: Larger images are not sent; the server's own limit, `--max-pixels`.
        max_bytes: Larger files are not sent.

    Example:
    >>> client = RestorationClient("http://localhost:8501")
    >>> restored = client.restore(Path("photo.jpg").read_bytes())  # doctest: +SKIP
    """

    def __init__(
        self,
        url: str,
        model: str = "hinet",
        label: str | None = None,
        timeout: float = 120.0,
        attempts: int = 4,
        pause: float = 0.5,
        max_pixels: int = 2**25,
        max_bytes: int = 2**26,
    ) -> None:
        scheme, _, host = url.partition("://")
        if scheme not in ("http", "https", "grpc") or not host:
            raise ValueError(
                f"Expected http://host:port, https://host:port or grpc://host:port. Received: {url}"
            )
        self.model, self.label = model, label
        self.timeout, self.attempts, self.pause = timeout, attempts, pause
        self.max_pixels, self.max_bytes = max_pixels, max_bytes
        self._send = (
            _grpc_sender(host, model, label)
            if scheme == "grpc"
            else _rest_sender(url.rstrip("/"), model, label)
        )

    def restore(self, content: bytes) -> bytes:
        """Restores one image file.

        Args:
            content: The bytes of a PNG, JPEG, WebP or BMP file.

        Returns:
            The bytes of the restored file, PNG unless the server was set up for JPEG.

        Raises:
            RefusedImage: If the file is none that can be restored.
            ServerError: If the server does not answer in time.
        """
        size = self._check_size(content)
        deadline = time.monotonic() + self.timeout
        for attempt in range(1, self.attempts + 1):
            try:
                restored, problem = self._send(content, max(deadline - time.monotonic(), 0.001))
                if problem:
                    raise RefusedImage(problem)
                _check_answer(restored, size)
                return restored
            except _PassingError as error:
                pause = self.pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
                if attempt == self.attempts or time.monotonic() + pause > deadline:
                    raise ServerError(f"No answer after {attempt} attempts: {error}") from error
                time.sleep(pause)
        raise ServerError("`attempts` must be at least 1.")

    def _check_size(self, content: bytes) -> tuple[int, int] | None:
        """Refuses what is too large; returns width and height where the file tells them."""
        if len(content) > self.max_bytes:
            raise RefusedImage(
                f"the file has {len(content):,} bytes; expected at most {self.max_bytes:,}"
            )
        try:
            # Reads the header only.
            with Image.open(io.BytesIO(content)) as image:
                width, height = image.size
        except Image.DecompressionBombError as error:
            raise RefusedImage(str(error)) from error
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
            return None  # The server says best what is wrong with it.
        if width * height > self.max_pixels:
            raise RefusedImage(
                f"the image has {width}x{height} pixels; expected at most {self.max_pixels:,}"
            )
        return width, height


class _PassingError(Exception):
    """What may be gone at the next attempt."""


# The last chunk of a PNG with its checksum, and the end mark of a JPEG.
_ENDS = (b"IEND\xae\x42\x60\x82", b"\xff\xd9")


def _check_answer(restored: bytes, size: tuple[int, int] | None) -> None:
    """Refuses what came instead of the whole image, from a proxy or a server that went down."""
    try:
        with Image.open(io.BytesIO(restored)) as image:
            # The server turns upright what lies on its side.
            fits = size in (None, image.size, image.size[::-1])
    except (OSError, SyntaxError, ValueError):
        fits = False
    if not fits or not restored.endswith(_ENDS):
        raise _PassingError(f"{len(restored)} bytes came that are not the whole image")


_Sender = Callable[[bytes, float], tuple[bytes, str]]


def _rest_sender(url: str, model: str, label: str | None) -> _Sender:
    import requests

    address = f"{url}/v1/models/{model}{f'/labels/{label}' if label else ''}:predict"
    session = requests.Session()

    def send(content: bytes, seconds: float) -> tuple[bytes, str]:
        body = {"instances": [{"b64": base64.b64encode(content).decode()}]}
        try:
            response = session.post(address, json=body, timeout=seconds)
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
            requests.exceptions.ContentDecodingError,
        ) as error:
            raise _PassingError(str(error)) from error
        if response.status_code in (429, 502, 503, 504):
            raise _PassingError(f"{response.status_code} {_rest_error(response)}")
        if not response.ok:
            raise ServerError(f"{address}: {response.status_code} {_rest_error(response)}")
        try:
            (prediction,) = response.json()["predictions"]
            return base64.b64decode(prediction["restored_bytes"]["b64"]), prediction["error"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ServerError(f"{address} answers like another model: {error!r}") from error

    return send


def _rest_error(response: Any) -> str:
    try:
        return str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return response.text[:200]


def _grpc_sender(host: str, model: str, label: str | None) -> _Sender:
    import grpc

    # Before TensorFlow, whose import takes seconds.
    if importlib.util.find_spec("tensorflow_serving") is None:
        raise ModuleNotFoundError(name="tensorflow_serving")
    # Importing the messages of a request starts TensorFlow, which talks on the terminal's own file.
    terminal = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2
            from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)

    # A restored 16-bit PNG exceeds the 4 MB that gRPC takes by itself.
    channel = grpc.insecure_channel(host, [("grpc.max_receive_message_length", -1)])
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    passing = (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    )

    def send(content: bytes, seconds: float) -> tuple[bytes, str]:
        request = predict_pb2.PredictRequest()
        request.model_spec.name = model
        if label:
            request.model_spec.version_label = label
        shape = tensor_shape_pb2.TensorShapeProto(dim=[{"size": 1}])
        request.inputs["image_bytes"].CopyFrom(
            tensor_pb2.TensorProto(
                dtype=types_pb2.DT_STRING, tensor_shape=shape, string_val=[content]
            )
        )
        try:
            outputs = stub.Predict(request, timeout=seconds).outputs
        except grpc.RpcError as error:
            if error.code() in passing:
                raise _PassingError(f"{error.code().name} {error.details()}") from error
            raise ServerError(f"{host}: {error.code().name} {error.details()}") from error
        if "restored_bytes" not in outputs or "error" not in outputs:
            raise ServerError(f"{host} answers like another model: outputs {sorted(outputs)}")
        return outputs["restored_bytes"].string_val[0], outputs["error"].string_val[0].decode()

    return send


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("files", nargs="+", type=Path, metavar="FILE", help="PNG, JPEG, WebP or BMP")
    add("--url", default="http://localhost:8501", help="http://, https:// or grpc:// address")
    add("--model", default="hinet", help="name on the server (default: hinet)")
    add("--label", help="version label such as stable (default: the latest version)")
    add("--timeout", type=float, default=120.0, help="seconds for one image (default: 120)")
    add("--out", required=True, type=Path, metavar="DIR", help="folder of the restored files")
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Restores each file; returns 1 if any failed."""
    _check_targets(args.files, args.out)
    client = RestorationClient(args.url, args.model, args.label, args.timeout)
    args.out.mkdir(parents=True, exist_ok=True)
    failed = 0
    for file in args.files:
        try:
            restored = client.restore(file.read_bytes())
            suffix = ".jpg" if restored[:2] == b"\xff\xd8" else ".png"
            target = args.out / f"{file.stem}{suffix}"
            # Whole or not at all.
            temporary = target.with_name(f".{target.name}.{os.getpid()}")
            temporary.write_bytes(restored)
            temporary.replace(target)
            print(target)
        except (RefusedImage, OSError) as error:
            failed += 1
            # Of an error of the system its words, without number and name of the file.
            reason = getattr(error, "strerror", None) or str(error)
            print(f"failed: {file}: {' '.join(reason.split())}", file=sys.stderr)
    return 1 if failed else 0


def _check_targets(files: Sequence[Path], out: Path) -> None:
    """Refuses results that would replace one another or a file that is to be sent.

    Whether the server answers with PNG or JPEG is not known yet.
    """
    owners: dict[str, Path] = {}
    sources = {os.path.realpath(file) for file in files}
    for file in files:
        other = owners.setdefault(file.stem, file)
        if os.path.realpath(other) != os.path.realpath(file):
            raise ValueError(
                f"{other} and {file} would both become {out / file.stem}; send them one by one, "
                "each with an --out of its own"
            )
        for suffix in (".png", ".jpg"):
            target = out / f"{file.stem}{suffix}"
            if os.path.realpath(target) in sources:
                raise ValueError(f"{target} would be replaced by its result; choose another --out")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    try:
        return run(parse_args(argv))
    except ImportError as error:
        needed = "'hinet-tf[serving]', or requests; for grpc:// grpcio and tensorflow-serving-api"
        print(f"error: {error.name} is not installed: pip install {needed}", file=sys.stderr)
        return 2
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1


if __name__ == "__main__":
    raise SystemExit(main())
