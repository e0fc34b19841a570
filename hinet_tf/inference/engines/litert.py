"""`.tflite` files on arrays, in LiteRT."""

import hashlib
import io
import json
import os
import threading
import zipfile
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter, SignatureRunner

from hinet_tf.native_log import silenced

# What `export_tflite` appends to a file: an archive with this entry.
METADATA_ENTRY = "metadata.json"


class _Signature(NamedTuple):
    run: SignatureRunner
    image: str
    output: str
    shape: tuple[int, ...]
    dtype: np.dtype


class TFLiteModel:
    """A `.tflite` file from one image to its restoration, ready to restore arrays.

    The LiteRT runtime alone does the work: neither TensorFlow nor Keras is needed. Threads may
    share it; they restore one after the other.

    Args:
        file: Path of the file, or its content.
        num_threads: Threads of the processor to use; `None` for all.
        output: Which output to return, where a signature has several; `"restored"` is also the
            only output, whatever its name.

    Raises:
        ValueError: If the file is no `.tflite` file, is not as `export_tflite` wrote it, or has no
            signature that restores an image.
    """

    def __init__(
        self,
        file: str | os.PathLike[str] | bytes,
        num_threads: int | None = None,
        output: str = "restored",
    ) -> None:
        content = file if isinstance(file, bytes) else Path(file).read_bytes()
        name = f"a content of {len(file)} bytes" if isinstance(file, bytes) else str(file)
        try:
            if content[4:8] != b"TFL3":
                raise ValueError("it does not begin as one.")
            _check_intact(content)
            self._interpreter = _opened(content, num_threads)
            self._signatures = self._find_signatures(output)
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{name} is not a readable .tflite file: {error}") from error
        if not self._signatures:
            signatures = self._interpreter.get_signature_list().values()
            outputs = sorted({output for one in signatures for output in one["outputs"]})
            remedy = (
                "It keeps the stage it was exported with: leave out `fast`."
                if output == "stage1" and outputs
                else "Export it with hinet_tf.export_tflite."
            )
            raise ValueError(
                f"{name} has no signature from an image of float32 or uint8 to '{output}'. "
                f"Received: outputs {', '.join(outputs) or 'without a signature'}. {remedy}"
            )
        # An interpreter has one set of tensors: two threads would write into each other's image.
        self._lock = threading.Lock()
        self._has_run = False

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of the images that the file restores."""
        return list(self._signatures)

    @property
    def channels(self) -> int:
        """Channels of the images."""
        return next(iter(self._signatures.values())).shape[3]

    @property
    def dtype(self) -> np.dtype:
        """Type of the images: float32 in [0, 1], or uint8."""
        return next(iter(self._signatures.values())).dtype

    def restore(self, image: np.ndarray) -> np.ndarray:
        """Restores one image of one of the `sizes`.

        Args:
            image: `(height, width, channels)` or `(1, height, width, channels)`, of the file's
                type: float32 in [0, 1] or uint8.

        Returns:
            The restored image, of the same shape and type; float images unclipped.

        Raises:
            ValueError: If no signature takes such an image.
        """
        signature = self._signatures.get(image.shape[-3:-1])
        if signature is None:
            raise ValueError(
                f"The file restores images of height and width {self.sizes}. Received: an image "
                f"of shape {image.shape}. Pad or tile it, as hinet_tf.Restorer does."
            )
        if signature.shape[3] != image.shape[-1] or signature.dtype != image.dtype:
            raise ValueError(
                f"The file takes {signature.dtype} images of shape {signature.shape}. Received: "
                f"{image.dtype} of shape {image.shape}."
            )
        batch = {signature.image: image.reshape(signature.shape)}
        with self._lock:
            # XNNPACK announces itself on the first run.
            with nullcontext() if self._has_run else silenced():
                restored = signature.run(**batch)[signature.output]
            self._has_run = True
        return restored.reshape(image.shape)

    def _find_signatures(self, output: str) -> dict[tuple[int, int], _Signature]:
        found = {}
        for key in self._interpreter.get_signature_list():
            runner = self._interpreter.get_signature_runner(key)
            inputs, outputs = runner.get_input_details(), list(runner.get_output_details())
            if output not in outputs and (output != "restored" or len(outputs) > 1):
                continue
            if len(inputs) != 1:
                continue
            ((name, detail),) = inputs.items()
            shape, dtype = tuple(map(int, detail["shape"])), np.dtype(detail["dtype"])
            if len(shape) == 4 and dtype.name in ("float32", "uint8"):
                result = output if output in outputs else outputs[0]
                found[shape[1:3]] = _Signature(runner, name, result, shape, dtype)
        return found


def allocated_interpreter(content: bytes, num_threads: int | None = None) -> Interpreter:
    """An interpreter of a file's first graph, to look into or to run by its tensors.

    Args:
        content: The file.
        num_threads: Threads of the processor to use; `None` for all.

    Returns:
        The interpreter, its tensors allocated.
    """
    with silenced():
        interpreter = _opened(content, num_threads)
        interpreter.allocate_tensors()
    return interpreter


def _check_intact(content: bytes) -> None:
    """Refuses what `export_tflite` wrote otherwise: LiteRT itself computes with damaged weights."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entry = archive.getinfo(METADATA_ENTRY)
    except (zipfile.BadZipFile, KeyError):
        return  # Of another program.
    digest = hashlib.sha256(content[: entry.header_offset]).hexdigest()
    try:
        # Files of earlier versions state none.
        intact = json.loads(archive.read(entry)).get("model_sha256", digest) == digest
    except (ValueError, zipfile.BadZipFile):
        intact = False
    if not intact:
        raise ValueError("it is not as it was exported. Copy or export it again.")


def _opened(content: bytes, num_threads: int | None) -> Interpreter:
    return Interpreter(model_content=content, num_threads=num_threads or os.cpu_count())
