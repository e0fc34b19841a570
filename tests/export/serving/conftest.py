import io
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorflow_serving")
sys.path.insert(0, str(Path(__file__).parent))

from loopback_server import LoopbackServer, Servable

from hinet_tf import HINet, Restorer, export_saved_model
from hinet_tf.data import builtin_photos


@pytest.fixture(scope="session")
def restorer():
    model = HINet(width=4)
    layer = model.get_layer("stage2_output")
    layer.set_weights([0.1 * weight for weight in layer.get_weights()])
    restorer = Restorer(model)
    restorer.model = model
    return restorer


@pytest.fixture(scope="session")
def exported(restorer, tmp_path_factory):
    directory = tmp_path_factory.mktemp("models") / "hinet"
    return export_saved_model(restorer.model, directory, max_pixels=2**20).path


@pytest.fixture(scope="session")
def server(exported):
    server = LoopbackServer(Servable(exported))
    yield server
    server.close()


@pytest.fixture(scope="session")
def photo():
    return builtin_photos("val").images(0)[1][:37, :53]


@pytest.fixture(scope="session")
def png(photo):
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="session")
def bomb(png):
    header = png[12:16] + (50_000).to_bytes(4, "big") * 2 + png[24:29]
    return png[:12] + header + zlib.crc32(header).to_bytes(4, "big") + png[33:]


@pytest.fixture(scope="session")
def decode():
    return lambda content: np.asarray(Image.open(io.BytesIO(content)))
