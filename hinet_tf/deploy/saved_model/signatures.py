"""The signatures of a served model."""

from typing import Any

import tensorflow as tf

from hinet_tf.deploy.saved_model.decoder import DecodedImage, decode_file_in_graph
from hinet_tf.deploy.saved_model.tiling import TiledRestoration
from hinet_tf.inference.saved_model_manifest import SavedModelOptions

# As `hinet_tf.images.pixel_format`: restored noise may leave [0, 1] a little.
_FLOAT_LIMITS = (-1.0, 2.0)
# zlib's fastest: 0.07 s for a megapixel instead of 0.39 s by default, for files 4 to 7 % larger
# (benchmarks/serving.md).
_PNG_COMPRESSION = 1


class ServingModule(tf.Module):
    """What TensorFlow Serving, or `tf.saved_model.load` without this package, runs.

    Args:
        network: The network as a concrete function of variables.
        variables: Those variables, which a SavedModel stores.
        tiled: Padding, tiling and self-ensemble around the network.
        recipe: Its largest image, the quality of JPEG answers, and whether WebP files are taken.
    """

    def __init__(
        self,
        network: Any,
        variables: list[tf.Variable],
        tiled: TiledRestoration,
        recipe: SavedModelOptions,
    ) -> None:
        super().__init__()
        self.network = network
        self.stored = variables
        self._tiled = tiled
        self._recipe = recipe

    def signatures(self) -> dict[str, Any]:
        """The signatures by name."""
        channels = self._tiled.channels

        def images(dtype: tf.DType) -> tf.TensorSpec:
            return tf.TensorSpec((None, None, None, channels), dtype, name="image")

        files = tf.TensorSpec((None,), tf.string, name="image_bytes")

        def function(restore: Any, spec: tf.TensorSpec) -> Any:
            return tf.function(restore, input_signature=[spec], autograph=False)

        return {
            "serving_default": function(self._restore_bytes, files),
            "restore_float": function(self._restore_float, images(tf.float32)),
            "restore_uint8": function(self._restore_uint8, images(tf.uint8)),
        }

    def _restore_bytes(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        # One after the other: memory holds one image, and sizes may differ.
        restored, problems = tf.map_fn(
            self._restore_file,
            image_bytes,
            fn_output_signature=(tf.string, tf.string),
            parallel_iterations=1,
        )
        return {"restored_bytes": restored, "error": problems}

    def _restore_float(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        low, high = _FLOAT_LIMITS
        # A comparison with NaN is false.
        in_range = tf.reduce_all((image >= low) & (image <= high))
        image = _asserted(image, in_range, "expected finite float pixels in [0, 1]")
        return {"restored": self._restore_batch(image, lambda x: x, lambda y, _: y)}

    def _restore_uint8(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        def from_model(restored: tf.Tensor, _: tf.Tensor) -> tf.Tensor:
            return tf.cast(_quantized(restored, 255.0), tf.uint8)

        return {"restored": self._restore_batch(image, lambda x: _divided(x, 255), from_model)}

    def _restore_batch(self, batch: tf.Tensor, to_model: Any, from_model: Any) -> tf.Tensor:
        batch = _asserted(batch, tf.size(batch) > 0, "expected at least one image of at least 1x1")
        restored = tf.cond(
            self._tiled.fits_whole(batch),
            lambda: from_model(self._tiled.run(to_model(batch)), batch),
            lambda: tf.map_fn(
                lambda image: self._tiled(image, to_model, from_model, batch.dtype),
                batch,
                parallel_iterations=1,
            ),
        )
        return tf.ensure_shape(restored, batch.shape)

    def _restore_file(self, content: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image = decode_file_in_graph(content, self._recipe.max_pixels, self._recipe.webp)
        problem = image.problem
        if self._tiled.channels == 1:
            is_colour = tf.shape(image.pixels)[-1] > 2
            refusal = "the model restores gray images; received colour, convert it to gray"
            problem = tf.where((problem == "") & is_colour, refusal, problem)
        restored = tf.cond(
            problem == "", lambda: self._restore_image(image), lambda: tf.constant(b"")
        )
        return restored, problem

    def _restore_image(self, image: DecodedImage) -> tf.Tensor:
        channels = tf.shape(image.pixels)[-1]
        is_gray = channels < 3
        keeps_alpha = (channels % 2 == 0) & (self._recipe.jpeg_quality is None)
        peak = 255.0 if self._recipe.jpeg_quality else image.peak

        def to_model(pixels: tf.Tensor) -> tf.Tensor:
            wanted = tf.range(self._tiled.channels)
            color = tf.gather(pixels, tf.where(is_gray, tf.zeros_like(wanted), wanted), axis=-1)
            return _divided(color, 65535)

        def from_model(restored: tf.Tensor, pixels: tf.Tensor) -> tf.Tensor:
            values = _quantized(tf.cond(is_gray, lambda: _gray(restored), lambda: restored), peak)
            alpha = tf.cast(pixels[..., -1:], tf.int32) // tf.cast(65535 / image.peak, tf.int32)
            alpha = alpha[..., : tf.cast(keeps_alpha, tf.int32)]
            return tf.concat([tf.cast(values, tf.uint16), tf.cast(alpha, tf.uint16)], -1)

        return self._encode(self._tiled(image.pixels, to_model, from_model, tf.uint16), image.peak)

    def _encode(self, values: tf.Tensor, peak: tf.Tensor) -> tf.Tensor:
        if quality := self._recipe.jpeg_quality:
            pixels = tf.cast(values, tf.uint8)
            return tf.io.encode_jpeg(pixels, quality=quality, chroma_downsampling=False)
        return tf.cond(
            peak > 255,
            lambda: tf.io.encode_png(values, _PNG_COMPRESSION),
            lambda: tf.io.encode_png(tf.cast(values, tf.uint8), _PNG_COMPRESSION),
        )


def _asserted(values: tf.Tensor, holds: tf.Tensor, problem: str) -> tf.Tensor:
    """The values themselves, once a condition holds: else nothing may fail on them before."""
    with tf.control_dependencies([tf.debugging.Assert(holds, [problem])]):
        return tf.identity(values)


def _divided(values: tf.Tensor, divisor: int) -> tf.Tensor:
    """A float32 quotient, rounded correctly, as NumPy's.

    TensorFlow turns a division by a constant into a product with its reciprocal, which float32
    rounds twice. In float64 that error is too small to reach the nearest float32: quotients by
    a number of n bits keep 2**-(24 + n) away from the middle of two of them.
    """
    return tf.cast(tf.cast(values, tf.float64) / divisor, tf.float32)


def _quantized(restored: tf.Tensor, peak: Any) -> tf.Tensor:
    # Half to even, as the official code writes files.
    return tf.round(tf.clip_by_value(restored, 0.0, 1.0) * peak)


def _gray(restored: tf.Tensor) -> tf.Tensor:
    if restored.shape[-1] == 1:
        return restored
    red, green, blue = tf.unstack(restored, axis=-1)
    return _divided(red + green + blue, 3)[..., tf.newaxis]
