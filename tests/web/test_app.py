"""hinet-app in a real browser: the file that Python restores, seen and saved."""

import io

import numpy as np
import pytest
from PIL import Image

from hinet_tf import Restorer
from hinet_tf.commands.app import launch_options, main, make_app

pytest.importorskip("gradio", reason="no Gradio: run `make test-web`, which installs it")


@pytest.fixture(scope="module")
def url(browser, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("app"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", folder)
        app = make_app(["denoise_0.125x", "dejpeg_0.25x"], local=False, memory=2**28)
        options = launch_options(None, folder)
        _, url, _ = app.launch(**options, prevent_thread_lock=True, quiet=True)
        yield url
        app.close()


@pytest.fixture
def page(browser, url):
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    foreign = []
    context.on(
        "request",
        lambda r: None if r.url.startswith((url, "data:", "blob:")) else foreign.append(r.url),
    )
    page = context.new_page()
    page.goto(url)
    page.get_by_text("Restore a photo").wait_for()
    yield page
    context.close()
    assert not foreign


def upload(page, name, content):
    page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": content}
    )


def saved(page, name):
    link = page.locator(f"a[download='{name}']").first
    link.wait_for(timeout=120_000)
    with page.expect_download() as download:
        link.click()
    return np.asarray(Image.open(download.value.path()))


def test_a_photo_is_restored_shown_and_saved_and_the_model_can_be_changed(page):
    random = np.random.default_rng(0)
    photo = random.integers(60, 190, (70, 90, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    upload(page, "photo.png", file.getvalue())
    page.get_by_text("90 × 70 in").wait_for(timeout=120_000)
    expected = Restorer("denoise_0.125x").restore(photo)
    found = saved(page, "photo-restored.png")
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert page.locator("img:visible").count() >= 2
    page.get_by_label("Model").click()
    page.get_by_role("option", name="dejpeg_0.25x").click()
    page.wait_for_function(
        "before => document.querySelector('a[download=\"photo-restored.png\"]')?.href !== before",
        arg=page.locator("a[download='photo-restored.png']").first.evaluate("link => link.href"),
    )
    expected = Restorer("dejpeg_0.25x").restore(photo)
    assert np.abs(saved(page, "photo-restored.png").astype(int) - expected).max() <= 1


def test_a_bad_file_is_named_and_the_page_stays_usable(page):
    upload(page, "notes.png", b"no image at all")
    page.get_by_text("notes.png: not a readable image").wait_for(timeout=60_000)
    page.reload()
    page.get_by_text("Restore a photo").wait_for()


def test_a_wrong_model_is_said_before_the_page_opens(capsys):
    assert main(["--model", "missing.keras"]) == 2
    assert "No such model file. Received: missing.keras" in capsys.readouterr().err
