"""A page that shows the worst restorations first, each with a before/after slider."""

import heapq
import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hinet_tf.evaluation.scoring import ImageScore
from hinet_tf.files import atomic_path
from hinet_tf.images.pixel_format import to_uint8
from hinet_tf.plots import render_page


class Gallery:
    """Collects the worst images of a test set while it is scored, then writes the page.

    Only the images on the page are kept, so that a test set of any size can be scored.

    Args:
        directory: Where the page (`index.html`) and its pictures go.
        protocol: The protocol whose PSNR ranks the images.
        limit: How many images to show.
    """

    def __init__(self, directory: Path, protocol: str, limit: int = 24) -> None:
        self.directory = directory
        self.protocol = protocol
        self.limit = limit
        self._worst: list[tuple[float, int, ImageScore, dict[str, bytes]]] = []
        self._order = itertools.count()

    def add(self, score: ImageScore, images: dict[str, np.ndarray]) -> None:
        """Offers one image.

        Args:
            score: Its scores.
            images: `{"degraded", "restored", "target"}`, uint8, uint16 or float in [0, 1].
        """
        psnr = score.restored[self.protocol]["psnr"]
        if not math.isfinite(psnr):
            return
        if len(self._worst) == self.limit and -self._worst[0][0] <= psnr:
            return
        encoded = {side: to_uint8(image) for side, image in images.items()}
        entry = (-psnr, next(self._order), score, encoded)
        # A heap with the best of the worst on top, which a worse image drives out.
        heapq.heappush(self._worst, entry)
        if len(self._worst) > self.limit:
            heapq.heappop(self._worst)

    def write(self, summary: dict[str, Any], title: str, subtitle: str) -> Path:
        """Writes pictures and page.

        Args:
            summary: The result of `summarize`.
            title: Headline of the page.
            subtitle: What was scored, in a line.

        Returns:
            The path of `index.html`.
        """
        entries = []
        for rank, (_, _, score, images) in enumerate(sorted(self._worst, reverse=True), 1):
            names = {side: f"images/{rank:03d}_{side}.png" for side in images}
            for side, image in images.items():
                with atomic_path(self.directory / names[side]) as temporary:
                    # As Pillow takes it: gray as two dimensions.
                    gray = image.shape[-1] == 1
                    Image.fromarray(image[..., 0] if gray else image).save(temporary)
            entries.append(
                {
                    **names,
                    "name": "/".join(filter(None, (score.set_name, score.name))),
                    "before": score.degraded[self.protocol]["psnr"],
                    "after": score.restored[self.protocol]["psnr"],
                    "ssim": score.restored[self.protocol]["ssim"],
                }
            )
        template = Path(__file__).parent / "templates" / "gallery.html"
        page = render_page(
            template, title=title, subtitle=subtitle, summary=summary, entries=entries
        )
        with atomic_path(self.directory / "index.html") as temporary:
            temporary.write_text(page, encoding="utf-8")
        return self.directory / "index.html"
