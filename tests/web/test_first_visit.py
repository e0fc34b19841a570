"""What a first visit costs: bytes and seconds of the page that hinet-web writes."""

import re

import pytest

from tests.web.conftest import served, wait

MAX_BYTES = 25e6


@pytest.mark.slow
def test_bytes_and_seconds_at_scale_a_quarter(runtime, visit, tmp_path, capsys):
    from export.web import main

    assert main(["--model", "denoise_0.25x", "--out", str(tmp_path / "page")]) == 0
    sent = []
    with served(tmp_path / "page") as server:
        handler = server.RequestHandlerClass

        class Counting(handler.func):
            def copyfile(self, source, outputfile):
                sent.append(source.seek(0, 2))
                source.seek(0)
                super().copyfile(source, outputfile)

        server.RequestHandlerClass = lambda *arguments: Counting(*arguments, **handler.keywords)
        page = visit(server.url)
        first_load = sum(sent)
        page.get_by_role("button", name="Example").click()
        wait(page, "Restored.")
        figures = page.locator("#figures").inner_text()
        page.context.close()
    with capsys.disabled():
        print(f"\nfirst load: {first_load / 1e6:.1f} MB; first restoration: {figures}")
    assert 15e6 < first_load <= MAX_BYTES
    assert re.match(r"512 × 512 in \d+\.\d\d s", figures)
