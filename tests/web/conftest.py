"""A real browser on a real export. Without Chromium these tests are skipped and say so."""

import functools
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTALL = "run `make test-web`, which installs it"
# The GPU of WebGPU, computed by the processor.
SOFTWARE_GPU = (
    "--enable-unsafe-webgpu",
    "--enable-features=Vulkan,WebGPU",
    "--use-vulkan=swiftshader",
    "--use-webgpu-adapter=swiftshader",
)


@contextmanager
def served(folder):
    from hinet_tf.deploy.web.server import PageServer

    with PageServer(folder, port=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def playwright():
    sync_api = pytest.importorskip("playwright.sync_api", reason=f"no Playwright: {INSTALL}")
    with sync_api.sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def launch(playwright):
    """Starts Debian's Chromium with further flags."""
    executable = shutil.which("chromium")
    if not executable:
        pytest.skip(f"no Chromium: {INSTALL}")
    browsers = []

    def launch(*flags):
        # Root has no sandbox in Chromium.
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", *flags]
        )
        browsers.append(browser)
        return browser

    yield launch
    for browser in browsers:
        browser.close()


@pytest.fixture(scope="session")
def browser(launch):
    return launch()


@pytest.fixture(scope="session")
def runtime():
    """LiteRT.js."""
    from hinet_tf.deploy.web.runtime import ensure_runtime

    try:
        return ensure_runtime(ROOT / "export" / "web" / "litert")
    except OSError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def folder(browser, runtime, tmp_path_factory):
    """The page with a trained denoiser of small tiles, so that small images have many."""
    from export.web import main

    folder = tmp_path_factory.mktemp("web") / "page"
    assert main(["--model", "denoise_0.125x", "--size", "64x64", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def server(folder):
    with served(folder) as server:
        yield server


@pytest.fixture
def visit(browser, server):
    """Opens the page as a first visitor, and watches it: no error, no other origin."""
    contexts, errors, foreign = [], [], []

    def visit(url=server.url, *, using=browser, script="", ready=True, routes=None, **options):
        context = using.new_context(**options)
        contexts.append(context)
        for pattern, change in (routes or {}).items():
            context.route(pattern, functools.partial(_changed, change))
        if script:
            context.add_init_script(script)
        context.on(
            "request",
            lambda request: (
                None if request.url.startswith((url, "blob:", "data:")) else foreign.append(request)
            ),
        )
        page = context.new_page()
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        if ready:
            wait(page, "Ready")
        return page

    visit.errors = errors
    yield visit
    for context in contexts:
        context.close()
    assert not foreign
    assert not errors


def _changed(change, route):
    response = route.fetch()
    route.fulfill(response=response, body=change(response.text()))


def wait(page, text, seconds=120):
    """Waits until the page's status begins with a text."""
    from playwright.sync_api import expect

    status = page.get_by_role("status")
    expect(status).to_contain_text(text, timeout=seconds * 1000)
    return status.inner_text()
