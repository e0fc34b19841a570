"""The page's pixels against Python's."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from hinet_tf import Restorer
from hinet_tf.inference.tiling import blend_weights, tile_starts, usable_overlap
from tests.web.conftest import SOFTWARE_GPU, wait


def png(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


def restore(page, name, content, mode="RGB"):
    """Puts a file into the page and takes the saved PNG out."""
    kind = "image/jpeg" if name.endswith("jpg") else "image/png"
    page.locator("#file").set_input_files({"name": name, "mimeType": kind, "buffer": content})
    wait(page, "Restored.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    assert download.value.suggested_filename == f"{name[:-4]}-restored.png"
    return np.asarray(Image.open(download.value.path()).convert(mode))


def photo(height, width, channels=3, seed=0):
    """Smooth colours and noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [128 + 90 * np.sin(x / (9 + c) + y / (7 + 2 * c)) for c in range(channels)]
    noisy = np.stack(waves, -1) + random.normal(scale=20, size=(height, width, channels))
    return np.clip(noisy, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def restorer(folder):
    return Restorer(folder / "models" / "denoise_0.125x.tflite")


@pytest.fixture
def page(visit):
    return visit()


def test_tiles_and_weights_are_pythons(page):
    cases = list(itertools.product(range(1, 900, 53), (64, 256, 272), (0, 16, 32)))
    found = page.evaluate(
        """async cases => {
             const {tileStarts, blendWeights} = await import("./tiling.js");
             return cases.map(([size, tile, overlap]) => {
               const side = Math.min(size, tile), starts = tileStarts(size, side, overlap);
               return [starts, blendWeights(starts, side, overlap).map(w => Array.from(w))];
             });
           }""",
        cases,
    )
    for (size, tile, overlap), (starts, weights) in zip(cases, found, strict=True):
        side = min(size, tile)
        assert starts == tile_starts(size, side, overlap)
        np.testing.assert_allclose(weights, blend_weights(starts, side, overlap), atol=1e-7)


@pytest.mark.parametrize("size", [(1, 1), (5, 90), (64, 64), (65, 63), (150, 203)])
def test_any_size_is_restored_as_python_restores_it(page, restorer, size):
    image = photo(*size)
    restored = restore(page, "photo.png", png(image))
    expected = restorer.restore(image)
    assert restored.shape == image.shape
    assert np.abs(restored.astype(int) - expected).max() <= 1
    if min(size) > 60:
        assert np.abs(expected.astype(int) - image).mean() > 2


def test_tiles_share_what_they_share_in_python(page):
    cases = list(itertools.product((16, 31, 32, 48, 64, 256), (0, 5, 32)))
    found = page.evaluate(
        """async cases => {
             const {usableOverlap} = await import("./tiling.js");
             return cases.map(([tile, overlap]) => usableOverlap(tile, overlap));
           }""",
        cases,
    )
    assert found == [usable_overlap(tile, overlap, 16) for tile, overlap in cases]


def test_a_film_behind_a_photo_is_no_damage(page):
    file = io.BytesIO()
    Image.fromarray(photo(40, 60)).save(file, "JPEG", quality=95)
    # No end mark in the last 64 KB.
    assert restore(page, "motion.jpg", file.getvalue() + bytes(200_000)).shape == (40, 60, 3)


def test_gray_and_transparent_images(page, restorer):
    gray = photo(70, 80, 1)[..., 0]
    # Python gives the mean of three channels; the page keeps them.
    restored = restore(page, "gray.png", png(gray)).astype(int)
    expected = restorer.restore(np.repeat(gray[..., np.newaxis], 3, -1))
    assert np.abs(restored - expected).max() <= 1

    image = np.concatenate([photo(70, 80), np.full((70, 80, 1), 255, np.uint8)], -1)
    image[:20, :, 3] = 0
    restored = restore(page, "clear.png", png(image), mode="RGBA")
    np.testing.assert_array_equal(restored[..., 3], image[..., 3])
    # A browser forgets the colour of what is not seen; it is black to the network.
    image[:20, :, :3] = 0
    expected = restorer.restore(image)
    assert np.abs(restored[20:].astype(int) - expected[20:]).max() <= 1


def test_orientation_is_applied_once(page):
    image = np.zeros((48, 96, 3), np.uint8)
    image[:, :48] = (200, 30, 30)
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was turned: shown, the left side is on top.
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=95, exif=exif)
    restored = restore(page, "turned.jpg", file.getvalue())
    assert restored.shape == (96, 48, 3)
    assert restored[:40, :, 0].min() > 150 and restored[56:, :, 0].max() < 60


def test_a_processor_without_threads(visit, restorer):
    page = visit(script="Object.defineProperty(globalThis, 'crossOriginIsolated', {value: false});")
    image = photo(70, 90)
    restored = restore(page, "photo.png", png(image))
    assert "threads" not in page.locator("#figures").inner_text()
    assert np.abs(restored.astype(int) - restorer.restore(image)).max() <= 1


def test_a_gpu(launch, visit, restorer):
    page = visit(using=launch(*SOFTWARE_GPU))
    if not page.evaluate("navigator.gpu && navigator.gpu.requestAdapter().then(Boolean)"):
        pytest.skip("this Chromium has no software adapter for WebGPU")
    # A GPU that the processor computes is not chosen by itself.
    assert "processor" in wait(page, "Ready")
    page.get_by_label("Runs on").select_option("webgpu")
    wait(page, "Ready, on the GPU")
    image = photo(60, 64)
    restored = restore(page, "photo.png", png(image))
    assert "GPU" in page.locator("#figures").inner_text()
    assert np.abs(restored.astype(int) - restorer.restore(image)).max() <= 2


# A driver that answers with black and no error, as some do.
BLACK = """const broken = new Network(litert, compiled, runners);
  if (device.accelerator === "webgpu") {
    Object.defineProperty(broken, "accelerator", {value: "webgpu"});
    broken.restore = async tile => new Float32Array(tile.length);
  }
  return broken;"""


def test_a_gpu_that_computes_wrong_is_left_out(visit, restorer):
    page = visit(
        ready=False,
        service_workers="block",
        script="""Object.defineProperty(Navigator.prototype, "gpu", {value: {requestAdapter:
            async () => ({info: {isFallbackAdapter: false}, features: new Set()})}});""",
        routes={
            "**/network.js": lambda text: text.replace(
                "return new Network(litert, compiled, runners);", BLACK
            ).replace("accelerator: device.accelerator,", 'accelerator: "wasm",')
        },
    )
    wait(page, "Ready, on the GPU")
    image = photo(70, 90)
    restored = restore(page, "photo.png", png(image))
    assert "The GPU is left out: the GPU computes wrong values." in wait(page, "Restored.")
    assert "processor" in page.locator("#figures").inner_text()
    assert np.abs(restored.astype(int) - restorer.restore(image)).max() <= 1
