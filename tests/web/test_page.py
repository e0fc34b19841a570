"""The page as people use it: mouse, keyboard, clipboard, phone, no network, bad files."""

import io
import json
import re
import struct
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from tests.web.conftest import served, wait

ISOLATED = "navigator.serviceWorker.controller && crossOriginIsolated"


def photo(format="PNG", size=(96, 80), **options):
    file = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(file, format, **options)
    return file.getvalue()


def choose(page, name, content):
    page.locator("#file").set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": content}
    )


def canvas_pixels(page):
    page.wait_for_function("new Promise(done => requestAnimationFrame(() => done(true)))")
    return page.evaluate(
        """() => { const view = document.getElementById("view");
             return view.getContext("2d").getImageData(0, 0, view.width, view.height).data
               .reduce((sum, value, i) => (sum * 31 + value * (i % 7 + 1)) % 1e9, 0); }"""
    )


@pytest.fixture
def page(visit):
    return visit(viewport={"width": 1000, "height": 800}, permissions=["clipboard-read"])


def test_the_example_by_mouse(page):
    page.evaluate(
        """() => { globalThis.shift = 0; new PerformanceObserver(list => {
             for (const entry of list.getEntries()) globalThis.shift += entry.value;
           }).observe({type: "layout-shift", buffered: true}); }"""
    )
    before = page.evaluate("shift")
    page.get_by_role("button", name="Example").click()
    wait(page, "Restored.")
    assert page.evaluate("shift") == before
    assert "512 × 512 in" in page.locator("#figures").inner_text()
    whole = canvas_pixels(page)

    view = page.locator("#view").bounding_box()
    middle = view["x"] + view["width"] / 2, view["y"] + view["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 100, middle[1])
    page.mouse.up()
    assert float(page.get_by_role("slider").input_value()) > 60
    moved = canvas_pixels(page)
    page.mouse.wheel(0, -400)
    zoomed = canvas_pixels(page)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - 150, middle[1] - 90)
    page.mouse.up()
    panned = canvas_pixels(page)
    assert len({whole, moved, zoomed, panned}) == 4
    page.get_by_role("button", name="Fit").click()
    assert canvas_pixels(page) == moved

    with page.expect_download() as download:
        page.get_by_role("button", name="Save JPEG").click()
    saved = Image.open(download.value.path())
    assert (saved.format, saved.size) == ("JPEG", (512, 512))


def test_paste_slide_zoom_and_save_by_keyboard(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        """async () => { const canvas = document.createElement("canvas");
             Object.assign(canvas, {width: 90, height: 70});
             canvas.getContext("2d").fillRect(10, 10, 30, 30);
             const blob = await new Promise(done => canvas.toBlob(done));
             await navigator.clipboard.write([new ClipboardItem({"image/png": blob})]); }"""
    )
    page.keyboard.press("Control+V")
    wait(page, "Restored.")
    assert "90 × 70" in page.locator("#figures").inner_text()

    reached = []
    page.locator("#model").focus()
    for _ in range(12):
        reached.append(page.evaluate("document.activeElement.id"))
        page.keyboard.press("Tab")
    assert reached == [
        *("model", "accelerator", "choose", "paste", "example", "view"),
        *("divider", "zoom-out", "fit", "zoom-in", "save-png", "save-jpeg"),
    ]
    page.locator("#divider").focus()
    page.keyboard.press("End")
    assert page.locator("#divider").input_value() == "100"
    shown = canvas_pixels(page)
    page.locator("#view").focus()
    page.keyboard.press("+")
    zoomed = canvas_pixels(page)
    page.keyboard.press("ArrowUp")
    assert len({shown, zoomed, canvas_pixels(page)}) == 3
    page.keyboard.press("0")
    assert canvas_pixels(page) == shown
    page.locator("#save-png").focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert Image.open(download.value.path()).size == (90, 70)


def test_a_dropped_photo(page):
    content = list(photo())
    page.evaluate(
        """bytes => { const data = new DataTransfer();
             data.items.add(new File([new Uint8Array(bytes)], "dropped.png", {type: "image/png"}));
             document.body.dispatchEvent(
               new DragEvent("drop", {dataTransfer: data, bubbles: true}));            }""",
        content,
    )
    wait(page, "Restored.")
    assert "96 × 80" in page.locator("#figures").inner_text()
    page.evaluate(
        """() => document.body.dispatchEvent(
             new DragEvent("drop", {dataTransfer: new DataTransfer(), bubbles: true}))"""
    )
    assert "no photo in it" in wait(page, "There was")


def _animation():
    file = io.BytesIO()
    frames = [Image.new("L", (40, 40), shade) for shade in (0, 90, 200)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def _claim(width, height):
    """A whole PNG that claims a size."""
    content = bytearray(photo())
    content[16:24] = struct.pack(">II", width, height)
    return bytes(content)


BAD_FILES = {
    "notes.png": (b"This is no image at all.\n" * 20, "is not a photo"),
    "empty.png": (b"", "is empty"),
    "half.jpg": (photo("JPEG", (300, 300))[:5000], "is cut off"),
    "half.png": (photo()[:4000], "is cut off"),
    "damaged.png": (photo()[:60] + bytes(3000) + b"IEND\xaeB`\x82", "damaged PNG"),
    "moving.gif": (_animation(), "is an animation"),
    "phone.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(400), "is a HEIC photo"),
    "scan.tif": (photo("TIFF"), "is a TIFF file"),
    "huge.png": (_claim(10_000, 10_000), "has 100 megapixels (10000 × 10000); this page takes"),
}


def test_bad_files_are_refused_by_name_and_the_page_stays_usable(page):
    for name, (content, message) in BAD_FILES.items():
        choose(page, name, content)
        assert message in wait(page, name), name
    choose(page, "still.gif", photo("GIF"))
    wait(page, "Restored.")
    choose(page, "one.png", photo(size=(1, 1)))
    wait(page, "Restored.")


def test_what_is_saved_is_the_photo_of_that_name(page):
    """On a device that is not there the next photo is not restored, and the last one is not it."""
    choose(page, "first.png", photo())
    wait(page, "Restored.")
    save = page.get_by_role("button", name="Save PNG")
    assert save.is_enabled()
    page.get_by_label("Runs on").select_option("webgpu")
    page.locator("#status.error").wait_for()
    choose(page, "second.png", photo(size=(40, 40)))
    page.locator("#status.error").wait_for()
    assert save.is_disabled()
    # While the first one is encoded, the next one comes: it keeps its name.
    page.get_by_label("Runs on").select_option("wasm")
    wait(page, "Restored.")
    choose(page, "third.png", photo())
    wait(page, "Restored.")
    page.evaluate(
        """() => {
          const encode = HTMLCanvasElement.prototype.toBlob;
          HTMLCanvasElement.prototype.toBlob = function (done, ...options) {
            globalThis.encoded = new Promise(resolve => {
              encode.call(this, blob => resolve(() => done(blob)), ...options);
            });
          };
        }"""
    )
    save.click()
    page.evaluate("async () => { globalThis.finish = await globalThis.encoded; }")
    choose(page, "fourth.png", photo(size=(40, 40)))
    wait(page, "Restored.")
    with page.expect_download() as download:
        page.evaluate("() => globalThis.finish()")
    assert download.value.suggested_filename == "third-restored.png"


def test_a_new_photo_and_the_stop_button_end_a_restoration(page):
    choose(page, "large.png", photo(size=(1500, 1000)))
    page.get_by_text(re.compile(r"tile \d+ of")).wait_for()
    choose(page, "small.png", photo())
    wait(page, "Restored.")
    assert "96 × 80" in page.locator("#figures").inner_text()
    choose(page, "large.png", photo(size=(1500, 1000)))
    page.get_by_text(re.compile(r"tile \d+ of")).wait_for()
    page.get_by_role("button", name="Stop").click()
    assert wait(page, "Stopped.")
    assert page.get_by_role("button", name="Save PNG").is_disabled()


@pytest.fixture
def copy(folder, tmp_path):
    """A copy of the page to damage, with two models; the first is the bad one."""
    target = tmp_path / "page"
    for path in folder.rglob("*"):
        if path.is_file():
            (target / path.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
            (target / path.relative_to(folder)).hardlink_to(path)
    manifest = json.loads((folder / "models.json").read_text())
    bad = {**manifest["models"][0], "name": "bad", "file": "models/bad.tflite"}
    (target / "models" / "bad.tflite").write_bytes(
        (folder / manifest["models"][0]["file"]).read_bytes()
    )

    def rewrite(**changes):
        models = [bad | changes, *manifest["models"]]
        (target / "models.json").unlink()
        (target / "models.json").write_text(json.dumps(manifest | {"models": models}))

    rewrite()
    return target, rewrite


def _another_network():
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [tf.function(lambda x: 2 * x).get_concrete_function(tf.TensorSpec([1, 10], tf.float32))]
    )
    return converter.convert()


def _damage(path, rewrite):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


def _replace(path, rewrite):
    import hashlib

    path.write_bytes(_another_network())
    rewrite(sha256=hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize(
    "harm, message",
    [
        (lambda path, rewrite: path.unlink(), "is missing (404)"),
        (_damage, "is damaged"),
        (_replace, "holds another network"),
    ],
    ids=["missing", "damaged", "another"],
)
def test_a_bad_model_is_named_and_another_can_be_chosen(copy, visit, harm, message):
    target, rewrite = copy
    harm(target / "models" / "bad.tflite", rewrite)
    with served(target) as server:
        page = visit(server.url, ready=False)
        assert message in wait(page, "models/bad.tflite")
        page.evaluate("document.getElementById('status').textContent = ''")
        choose(page, "photo.png", photo())
        assert message in wait(page, "models/bad.tflite")
        # The photo is kept for the model that works.
        page.get_by_label("Model").select_option("models/denoise_0.125x.tflite")
        wait(page, "Restored.")
        page.context.close()
    # The browser itself reports what it did not get.
    visit.errors[:] = [line for line in visit.errors if "404" not in line]


def test_old_browsers_are_told_what_to_do(visit):
    page = visit(script="WebAssembly.validate = () => false;", ready=False)
    assert "Update it" in wait(page, "This browser has no WebAssembly SIMD")
    page = visit(script="delete Navigator.prototype.gpu;")
    page.get_by_label("Runs on").select_option("webgpu")
    assert "Choose the processor" in wait(page, "This browser offers no GPU")
    page.get_by_label("Runs on").select_option("wasm")
    choose(page, "photo.png", photo())
    wait(page, "Restored.")


def test_without_a_network_after_the_first_visit(visit):
    page = visit()
    page.get_by_role("button", name="Example").click()
    wait(page, "Restored.")
    page.context.set_offline(True)
    page.reload()
    wait(page, "Ready")
    page.get_by_role("button", name="Example").click()
    wait(page, "Restored.")


def test_threads_on_a_host_that_sends_no_headers(folder, visit):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever).start()
        page = visit(f"http://127.0.0.1:{server.server_port}/")
        assert "threads" in wait(page, "Ready")
        assert page.evaluate("crossOriginIsolated")
        page.context.close()
        server.shutdown()


def test_a_download_is_handed_on_as_it_comes(folder, visit):
    """Its first half reaches the page while the second half waits for the page to have it."""
    arrived = threading.Event()

    class Halting(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            if not self.path.endswith(".halves"):
                return super().do_GET()
            self.send_response(200)
            self.send_header("Content-Length", "200000")
            self.end_headers()
            self.wfile.write(bytes(100_000))
            self.wfile.flush()
            if arrived.wait(20):
                self.wfile.write(bytes(100_000))

        def do_POST(self):
            arrived.set()
            self.send_response(204)
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Halting, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever).start()
        page = visit(f"http://127.0.0.1:{server.server_port}/")
        assert "threads" in wait(page, "Ready")
        received = page.evaluate(
            """async () => {
              const reader = (await fetch("a.halves")).body.getReader();
              let length = (await reader.read()).value.length;
              await fetch("arrived", {method: "POST"});
              for (;;) {
                const {done, value} = await reader.read();
                if (done) return length;
                length += value.length;
              }
            }"""
        )
        assert received == 200_000
        page.context.close()
        server.shutdown()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_accessibility_on_phone_and_desktop(visit, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    phone = {"has_touch": True, "is_mobile": True} if width == 390 else {}
    page = visit(viewport={"width": width, "height": 844}, color_scheme=scheme, **phone)
    states = [axe.run(page)]
    choose(page, "photo.png", photo())
    wait(page, "Restored.")
    states.append(axe.run(page))
    choose(page, "notes.png", b"text")
    wait(page, "notes.png")
    states.append(axe.run(page))
    for state in states:
        found = [v["id"] for v in state.response["violations"]]
        assert not found, state.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_role("button", name="Take photo").is_visible() == (width == 390)


def test_memory_does_not_grow_with_the_number_of_tiles(page):
    """Rows of tiles are handed on as they are done: the worker holds one at a time."""
    read, restored, band = page.evaluate(
        """async () => {
             const {restoredBands} = await import("./tiling.js");
             const read = [], bands = [], width = 200, height = 5000;
             const image = {width, height, read: (top, rows) => {
               read.push(rows); return new Uint8ClampedArray(rows * width * 4).fill(100); }};
             const same = async tile => tile.slice();
             for await (const band of restoredBands(image, [[64, 64]], 32, same, () => {})) {
               if (band.pixels.some((value, i) => value !== 100)) throw new Error("not the same");
               bands.push(band.rows);
             }
             return [Math.max(...read), bands.reduce((a, b) => a + b), Math.max(...bands)]; }"""
    )
    assert (read, restored) == (64, 5000) and band <= 64
