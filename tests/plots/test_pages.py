"""All pages have one look; the comparison figure shows what differs."""

from pathlib import Path

import jinja2
import numpy as np
import pytest
from PIL import Image

from hinet_tf.metrics.evaluate_images import evaluate_images, evaluate_psnr
from hinet_tf.metrics.evaluation_protocol import PROTOCOLS
from hinet_tf.plots import comparison_figure, render_page
from hinet_tf.plots.comparison import differing_boxes

ROOT = Path(__file__).parents[2]


def test_every_page_extends_the_one_base():
    templates = [
        path
        for folder in ("hinet_tf", "training", "export")
        for path in (ROOT / folder).rglob("templates/*.html")
        if path.name != "base.html" and not path.name.startswith("slider_")
    ]
    assert len(templates) >= 4
    for template in templates:
        assert template.read_text().startswith('{% extends "base.html" %}'), template


def test_a_page_escapes_follows_dark_mode_and_fits_a_phone(tmp_path):
    template = tmp_path / "page.html"
    body = "{% block body %}<p>{{ text }}</p>{% endblock %}"
    template.write_text('{% extends "base.html" %}\n' + body)
    page = render_page(template, title="<b>", text="a & b")
    assert "<title>&lt;b&gt;</title>" in page and "<p>a &amp; b</p>" in page
    assert "prefers-color-scheme: dark" in page and "width=device-width" in page
    assert "overflow-wrap: anywhere" in page and "{%" not in page
    with pytest.raises(jinja2.UndefinedError, match="text"):
        render_page(template, title="")


def test_the_figure_marks_where_the_images_differ(tmp_path):
    first = np.zeros((128, 256, 3), np.float32)
    last = first.copy()
    last[64:96, 192:224] = 1
    assert differing_boxes(first, last)[0] == (64, 192, 32)
    path = comparison_figure({"before": first, "after": last}, tmp_path / "f.png", target="after")
    assert Image.open(path).width > 300
    with pytest.raises(ValueError, match="one shape"):
        comparison_figure({"before": first, "after": last[1:]}, tmp_path / "g.png")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_psnr_of_a_protocol_is_that_of_the_full_score(protocol):
    image, target = np.random.default_rng(0).integers(0, 256, (2, 16, 20, 3), np.uint8)
    full = evaluate_images(image, target, protocol)["psnr"]
    assert evaluate_psnr(image, target, protocol) == full
