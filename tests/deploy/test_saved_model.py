"""The SavedModel beside the Restorer it must equal, to the last bit."""

import io
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from hinet_tf import HINet, Restorer, export_saved_model, to_local
from hinet_tf.data import builtin_photos
from hinet_tf.inference.saved_model_manifest import MANIFEST, read_manifest

MEMORY = 20_000_000  # About 270 x 270 pixels of this network at a time: larger ones are tiled.


def small_model(**options):
    """Four channels wide and close to the identity, as a trained restorer is."""
    model = HINet(width=4, **options)
    layer = model.get_layer("stage2_output")
    layer.set_weights([0.1 * weight for weight in layer.get_weights()])
    return model


@pytest.fixture(scope="module")
def model():
    """Of two levels: quick to export."""
    return small_model(depth=2)


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory):
    return export_saved_model(model, tmp_path_factory.mktemp("models"), memory=MEMORY).path


@pytest.fixture(scope="module")
def served(exported):
    return tf.saved_model.load(str(exported))


@pytest.fixture(scope="module")
def restorer(model):
    return Restorer(model, memory=MEMORY)


def photo(height, width, seed=0):
    image = builtin_photos("val").images(0)[1]
    rows = np.arange(seed, seed + height) % image.shape[0]
    columns = np.arange(3 * seed, 3 * seed + width) % image.shape[1]
    return image[rows][:, columns]


def encode(pixels, kind="PNG", **options):
    file = io.BytesIO()
    is_gray = pixels.shape[-1] == 1
    Image.fromarray(pixels[..., 0] if is_gray else pixels).save(file, kind, **options)
    return file.getvalue()


def deep_png(pixels):
    return tf.io.encode_png(pixels.astype(np.uint16)).numpy()


def restore_files(served, files):
    answer = served.signatures["serving_default"](image_bytes=tf.constant(files))
    return answer["restored_bytes"].numpy(), [text.decode() for text in answer["error"].numpy()]


def decode(content, deep=False):
    return tf.io.decode_png(content, dtype=tf.uint16 if deep else tf.uint8).numpy()


def files_of_every_kind():
    """30 files of different sizes, formats and depths: (bytes, pixels as another library reads)."""
    for index in range(30):
        height, width = 1 + 17 * index % 97, 1 + 29 * index % 83
        if index == 11:
            height, width = 330, 290  # Tiled in both directions.
        rgb = photo(height, width, index)
        alpha = (np.arange(height * width) * 7 % 256).astype(np.uint8).reshape(height, width, 1)
        rgba = np.concatenate([rgb, alpha], -1)
        deep = rgb.astype(np.uint16) * 200 + 77
        gray = rgb[..., :1]
        if index % 10 == 7:
            yield deep_png(deep), deep
        elif index % 10 == 8:
            yield deep_png(deep[..., :1]), deep[..., :1]
        elif index % 10 == 9:
            deep_rgba = np.concatenate([deep, alpha.astype(np.uint16) * 257], -1)
            yield deep_png(deep_rgba), deep_rgba
        else:
            image, kind, options = [
                (rgb, "PNG", {}),
                (rgb, "JPEG", {"quality": 80}),
                (gray, "PNG", {}),
                (rgb, "WEBP", {"quality": 70}),
                (rgba, "PNG", {}),
                (rgb, "BMP", {}),
                (gray, "JPEG", {"quality": 90}),
            ][index % 10]
            content = encode(image, kind, **options)
            pixels = np.asarray(Image.open(io.BytesIO(content)))
            yield content, pixels if pixels.ndim == 3 else pixels[..., np.newaxis]


def test_files_in_one_batch_equal_the_restorer_to_the_last_bit(served, restorer):
    files, images = zip(*files_of_every_kind(), strict=True)
    assert restorer.tile_size(330, 290) != (330, 290)
    answers, problems = restore_files(served, files)
    assert problems == [""] * 30
    for index, (answer, image) in enumerate(zip(answers, images, strict=True)):
        restored = decode(answer, deep=image.dtype == np.uint16)
        expected = restorer.restore(image)
        assert restored.shape == expected.shape, index
        np.testing.assert_array_equal(restored, expected, err_msg=str(index))


@pytest.mark.parametrize("size", [(1, 1), (1, 10_000), (16, 32), (37, 53), (200, 900), (300, 310)])
def test_pixels_equal_the_restorer_to_the_last_bit(served, restorer, size):
    image = photo(*size)
    scaled = image.astype(np.float32) / np.float32(255)
    as_float = served.signatures["restore_float"](image=tf.constant(scaled[np.newaxis]))
    np.testing.assert_array_equal(as_float["restored"][0], restorer.restore(scaled))
    as_uint8 = served.signatures["restore_uint8"](image=tf.constant(image[np.newaxis]))
    np.testing.assert_array_equal(as_uint8["restored"][0], restorer.restore(image))


@pytest.mark.parametrize("size", [(30, 40), (200, 210)])
def test_a_batch_equals_its_images(served, size):
    batch = np.stack([photo(*size, seed=seed) for seed in range(3)])
    together = served.signatures["restore_uint8"](image=tf.constant(batch))["restored"].numpy()
    for image, restored in zip(batch, together, strict=True):
        alone = served.signatures["restore_uint8"](image=tf.constant(image[np.newaxis]))
        # A batch may sum in another order; a value on the edge of rounding then moves by one.
        difference = np.abs(alone["restored"][0].numpy().astype(int) - restored)
        assert difference.max() <= 1 and (difference > 0).mean() < 2e-3


def test_long_and_thin_files(served, restorer):
    images = [photo(1, 10_000), photo(10_000, 1), photo(1, 1)]
    answers, problems = restore_files(served, [encode(image) for image in images])
    assert problems == [""] * 3
    for answer, image in zip(answers, images, strict=True):
        np.testing.assert_array_equal(decode(answer), restorer.restore(image))


def test_an_animated_png_is_answered_with_its_default_image(served, restorer):
    frames = [Image.fromarray(photo(20, 30, seed)) for seed in range(3)]
    content = io.BytesIO()
    frames[0].save(content, "PNG", save_all=True, append_images=frames[1:])
    assert b"acTL" in content.getvalue()
    (answer,), (problem,) = restore_files(served, [content.getvalue()])
    assert problem == ""
    np.testing.assert_array_equal(decode(answer), restorer.restore(photo(20, 30)))


@pytest.mark.parametrize(
    ("kind", "orientation"),
    [*(("JPEG", number) for number in range(1, 9)), ("PNG", 6), ("PNG", 3), ("WEBP", 5)],
)
def test_a_photo_is_turned_upright(served, restorer, kind, orientation):
    exif = Image.Exif()
    # Of odd length, after which WebP pads.
    exif[0x010F] = "A maker"
    exif[0x0112] = orientation
    lossless = {"lossless": True} if kind == "WEBP" else {}
    content = encode(photo(24, 37), kind, exif=exif, **lossless)
    if kind == "PNG" and orientation == 3:
        # Behind the pixels, where some programs write it.
        start, end = content.index(b"eXIf") - 4, content.index(b"IDAT") - 4
        content = content[:start] + content[end:-12] + content[start:end] + content[-12:]
    (answer,), (problem,) = restore_files(served, [content])
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))
    assert problem == ""
    np.testing.assert_array_equal(decode(answer), restorer.restore(upright))


@pytest.mark.parametrize("tags", [{}, {0x0112: 0}, {0x0112: 9}, {0x010F: "A maker"}])
def test_a_photo_that_names_no_orientation_stays(served, restorer, tags):
    exif = Image.Exif()
    exif.update(tags)
    content = encode(photo(24, 37), "JPEG", exif=exif)
    assert b"Exif\0\0" in content
    (answer,), (problem,) = restore_files(served, [content])
    assert problem == ""
    pixels = np.asarray(Image.open(io.BytesIO(content)))
    np.testing.assert_array_equal(decode(answer), restorer.restore(pixels))


def bad_files():
    good = encode(photo(64, 64))
    jpeg = encode(photo(64, 64), "JPEG")
    frames = [Image.fromarray(photo(8, 8, seed)) for seed in range(3)]
    gif, webp, cmyk = io.BytesIO(), io.BytesIO(), io.BytesIO()
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:])
    frames[0].save(webp, "WEBP", save_all=True, append_images=frames[1:])
    frames[0].convert("CMYK").save(cmyk, "JPEG")
    bomb = bytearray(good)
    bomb[16:24] = (100_000).to_bytes(4, "big") * 2
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 0xFF
    palette = io.BytesIO()
    frames[0].convert("P").save(palette, "BMP")
    return {
        "empty": (b"", "the file is empty"),
        "text": (b"hello world", "received something else"),
        "gif": (gif.getvalue(), "received a GIF"),
        "animation": (webp.getvalue(), "animation"),
        "cmyk": (cmyk.getvalue(), "CMYK"),
        "bomb": (bytes(bomb), "100000x100000 pixels; expected at most"),
        "truncated png": (good[: len(good) // 2], "truncated or corrupt"),
        "truncated jpeg": (jpeg[: len(jpeg) // 2], "truncated or corrupt"),
        "flipped": (bytes(flipped), "truncated or corrupt"),
        "png signature": (good[:8], "truncated or corrupt"),
        "jpeg signature": (b"\xff\xd8\xff", "truncated or corrupt"),
        "webp signature": (b"RIFF\0\0\0\0WEBP", "truncated or corrupt"),
        "palette bmp": (palette.getvalue(), "24 bits"),
        "1 bit": (encode(np.zeros((8, 8), bool)), "1 bit per pixel"),
    }


@pytest.mark.parametrize("name", bad_files())
def test_a_bad_file_is_refused_and_its_neighbours_are_restored(served, restorer, name):
    content, reason = bad_files()[name]
    good = photo(20, 30)
    answers, problems = restore_files(served, [encode(good), content, encode(good)])
    assert reason in problems[1]
    assert answers[1] == b""
    assert problems[0] == problems[2] == ""
    for answer in (answers[0], answers[2]):
        np.testing.assert_array_equal(decode(answer), restorer.restore(good))


def test_no_prefix_of_a_file_and_no_noise_ends_a_request(served):
    random = np.random.default_rng(0)
    files = []
    for content in (encode(photo(9, 9)), encode(photo(9, 9), "JPEG"), encode(photo(9, 9), "WEBP")):
        files += [content[:length] for length in range(0, 64, 7)]
        for _ in range(10):
            damaged = bytearray(content)
            damaged[random.integers(len(content))] = random.integers(256)
            files.append(bytes(damaged))
    answers, problems = restore_files(served, files)
    for answer, problem in zip(answers, problems, strict=True):
        assert bool(answer) != bool(problem)


@pytest.mark.parametrize("value", [np.nan, np.inf, 255.0])
def test_floats_out_of_range_are_refused(served, value):
    image = np.zeros((1, 16, 16, 3), np.float32)
    image[0, 3, 4, 1] = value
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected finite float pixels"):
        served.signatures["restore_float"](image=tf.constant(image))
    image[:] = 0.5  # And goes on living.
    served.signatures["restore_float"](image=tf.constant(image))


@pytest.mark.parametrize("dtype", [np.uint8, np.float64, np.int32])
def test_a_wrong_type_of_pixels_is_refused(served, dtype):
    with pytest.raises((TypeError, tf.errors.InvalidArgumentError), match="float"):
        served.signatures["restore_float"](image=tf.constant(np.zeros((1, 16, 16, 3), dtype)))


def test_an_empty_image_is_refused(served):
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 1x1"):
        served.signatures["restore_uint8"](image=tf.zeros((1, 0, 5, 3), tf.uint8))


@pytest.mark.parametrize("signature", ["restore_float", "restore_uint8"])
def test_nothing_is_restored_before_the_request_is_checked(served, signature):
    """Else the failure that comes first is reported: in a busy server that of the network."""
    (call,) = [
        operation
        for operation in served.signatures[signature].graph.get_operations()
        if operation.type.endswith("PartitionedCall")
    ]
    graph = served.signatures[signature].graph._get_function(call.get_attr("f").name).graph
    (restoring,) = [o for o in graph.get_operations() if o.type in ("If", "StatelessIf")]
    before, seen = [restoring], set()
    while before:
        operation = before.pop()
        if operation.name not in seen:
            seen.add(operation.name)
            before += [tensor.op for tensor in operation.inputs] + operation.control_inputs
    checks = [o.name for o in graph.get_operations() if o.type == "Assert"]
    assert len(checks) == 1 + (signature == "restore_float") and seen >= set(checks)


@pytest.mark.parametrize("self_ensemble", [False, True])
def test_every_option_equals_the_restorer(tmp_path, model, self_ensemble):
    options = {"tile": 48, "overlap": 10 + 6 * self_ensemble, "self_ensemble": self_ensemble}
    precision, fast = ("float32", True) if self_ensemble else ("bfloat16", False)
    output = "stage1" if fast else "restored"
    report = export_saved_model(model, tmp_path, output=output, precision=precision, **options)
    served = tf.saved_model.load(str(report.path))
    image = photo(70, 101)
    answer = served.signatures["restore_uint8"](image=tf.constant(image[np.newaxis]))["restored"]
    expected = Restorer(model, fast=fast, precision=precision, **options).restore(image)
    np.testing.assert_array_equal(answer[0], expected)


def test_a_gray_model_of_local_statistics_takes_gray_files_only(tmp_path):
    model = small_model(channels=1, depth=2)
    local, options = to_local(model, train_size=32), {"tile": 64, "overlap": 0}
    served = tf.saved_model.load(str(export_saved_model(local, tmp_path, **options).path))
    gray = photo(70, 101)[..., :1]
    answers, problems = restore_files(served, [encode(gray), encode(photo(20, 30))])
    expected = Restorer(local, **options).restore(gray)
    np.testing.assert_array_equal(decode(answers[0]), expected)
    assert (expected != Restorer(model, **options).restore(gray)).any()
    assert "the model restores gray images" in problems[1]


def test_jpeg_answers_and_no_webp(tmp_path, model, exported):
    report = export_saved_model(model, tmp_path, jpeg_quality=100, webp=False)
    assert b"DecodeWebP" not in (report.path / "saved_model.pb").read_bytes()
    assert b"DecodeWebP" in (exported / "saved_model.pb").read_bytes()
    served = tf.saved_model.load(str(report.path))
    image = photo(40, 50)
    rgba = np.concatenate([image, image[..., :1]], -1)
    deep = deep_png(image.astype(np.uint16) * 257)
    files = [encode(image), encode(rgba), deep, encode(image, "WEBP")]
    *answers, refused = restore_files(served, files)[0]
    problems = restore_files(served, files)[1]
    assert problems[:3] == [""] * 3 and "no WebP" in problems[3] and refused == b""
    expected = Restorer(model).restore(image).astype(int)
    for answer in answers:
        picture = Image.open(io.BytesIO(answer))
        assert (picture.format, picture.mode) == ("JPEG", "RGB")
        assert np.abs(np.asarray(picture).astype(int) - expected).mean() < 1


def test_it_loads_where_this_package_is_not_installed(exported, restorer, tmp_path):
    image = photo(37, 53)
    (tmp_path / "in.png").write_bytes(encode(image))
    program = f"""
import sys
sys.modules["hinet_tf"] = sys.modules["keras"] = None  # Importing either raises.
import tensorflow as tf
serve = tf.saved_model.load({str(exported)!r}).signatures["serving_default"]
answer = serve(image_bytes=tf.constant([open("in.png", "rb").read()]))
open("out.png", "wb").write(answer["restored_bytes"][0].numpy())
"""
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    restored = decode((tmp_path / "out.png").read_bytes())
    np.testing.assert_array_equal(restored, restorer.restore(image))


def test_requests_at_once_get_their_own_pictures(exported):
    # In a process, as a race may end it. The bare network as a signature for one image ends so, or
    # with wrong pictures, in two of three runs of as many calls.
    program = f"""
from concurrent.futures import ThreadPoolExecutor
import numpy as np
import tensorflow as tf
signature = tf.saved_model.load({str(exported)!r}).signatures["restore_uint8"]
restore = lambda pixels: signature(image=tf.constant(pixels))["restored"].numpy()
random = np.random.default_rng(0)
images = [random.integers(0, 256, (1, side, 64, 3), np.uint8) for side in (32, 48, 80)]
alone = [restore(pixels) for pixels in images]
with ThreadPoolExecutor(4) as pool:
    together = list(pool.map(restore, images * 300))
assert all(np.array_equal(got, alone[n % 3]) for n, got in enumerate(together))
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.slow
def test_openvino_reads_the_network_inside(served, tmp_path):
    openvino = pytest.importorskip("openvino")
    image = photo(48, 64).astype(np.float32)[np.newaxis] / np.float32(255)
    # OpenVINO knows neither strings nor loops over tiles; this is what they surround.
    tf.saved_model.save(served, tmp_path, signatures={"serving_default": served.network})
    network = openvino.convert_model(str(tmp_path))
    compiled = openvino.Core().compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    restored = next(iter(compiled([image]).values()))
    expected = served.signatures["restore_float"](image=tf.constant(image))["restored"]
    np.testing.assert_allclose(restored, expected, atol=1e-4)


def test_the_manifest_names_what_was_exported_and_finds_a_change(exported, model, tmp_path):
    manifest = read_manifest(exported)
    assert manifest.model["parameters"] == model.count_params()
    assert manifest.recipe.memory == MEMORY
    assert {check["signature"]: check["difference"] for check in manifest.checks} == {
        "restore_float": 0,
        "restore_uint8": 0,
        "serving_default": 0,
    }
    copy = tmp_path / "1"
    shutil.copytree(exported, copy)
    # What a file manager leaves behind is no change.
    (copy / "variables" / ".DS_Store").write_bytes(b"icons")
    assert read_manifest(copy).fingerprint == manifest.fingerprint
    data = next((copy / "variables").glob("*.data-*"))
    data.write_bytes(data.read_bytes()[:-1] + b"?")
    for read in (read_manifest, Restorer):
        with pytest.raises(ValueError, match=r"variables\.data.* changed"):
            read(copy)
    # Without the manifest, TensorFlow finds it.
    (copy / MANIFEST).unlink()
    with pytest.raises(
        ValueError, match=r"no readable SavedModel: .*[Cc]hecksum.* export it again"
    ):
        Restorer(copy)
    with pytest.raises(ValueError, match="version directory"):
        read_manifest(tmp_path)


def test_a_damaged_manifest_is_one_clear_line(exported, tmp_path):
    copy = tmp_path / "1"
    shutil.copytree(exported, copy)
    file = copy / MANIFEST
    content = json.loads(file.read_text())
    assert content["format"] == 1 and "version" in content["recipe"]
    for damaged in ("{", "[]", '{"recipe": {}}', json.dumps({**content, "recipe": {"tile": 1}})):
        file.write_text(damaged)
        with pytest.raises(
            ValueError, match=r"manifest cannot be read .*export it again"
        ) as caught:
            Restorer(copy)
        assert "\n" not in str(caught.value)


def test_a_version_is_replaced_only_on_request(exported, model):
    before = read_manifest(exported)
    with pytest.raises(FileExistsError, match="another version"):
        export_saved_model(model, exported.parent)
    assert read_manifest(exported) == before
    assert [p.name for p in exported.parent.iterdir()] == ["1"]


def test_a_place_that_cannot_be_written(model):
    with pytest.raises(OSError, match="/proc"):
        export_saved_model(model, "/proc/models")


def test_a_disk_that_fills_up_leaves_nothing(tmp_path, model, file_size_limit):
    file_size_limit(10_000)
    with pytest.raises(OSError, match="1 could not be written: "):
        export_saved_model(model, tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.parametrize(
    "options, message",
    [
        ({"version": 0}, "positive integer"),
        ({"version": "v1"}, "positive integer"),
        ({"version": 1.0}, "positive integer"),
        ({"output": "stage3"}, "`output` must be one of"),
        ({"max_pixels": 0}, "`max_pixels`"),
        ({"jpeg_quality": 101}, "`jpeg_quality`"),
        ({"tile": 50}, "multiple of 16"),
        ({"precision": "int8"}, "Unknown precision"),
    ],
)
def test_wrong_arguments_are_named(tmp_path, model, options, message):
    with pytest.raises(ValueError, match=message):
        export_saved_model(model, tmp_path / "models", **options)
    assert not (tmp_path / "models").exists()
