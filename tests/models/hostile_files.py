"""Makers of model files that are damaged, odd or lie about their size.

Each maker takes an empty folder and returns what a user would name: a path, or a model in memory.
"""

import functools
import hashlib
import io
import json
import pickle
import struct
import tempfile
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import torch

from hinet_tf.models import HINet
from hinet_tf.models.presets import write_preset
from hinet_tf.models.presets.registry import REQUIRED

GOLDEN = Path(__file__).parents[1] / "golden"
# Deep enough for Python's parsers to give up.
NESTED = "[" * 1_000_000


# === .pth ===


@functools.cache
def _official():
    return torch.load(GOLDEN / "official_hinet_wf2_hin3-4.pth", weights_only=True)["params"]


def torch_file(change):
    """A maker of the official checkpoint with its tensors, by name, changed in place."""

    def make(folder):
        state = dict(_official())
        content = change(state)
        torch.save({"params": state} if content is None else content, folder / "model.pth")
        return folder / "model.pth"

    return make


def _each(convert):
    def change(state):
        state.update({name: convert(tensor) for name, tensor in state.items()})

    return change


def _one(convert):
    def change(state):
        state["last.weight"] = convert(state["last.weight"])

    return change


def _quantized(tensor):
    return torch.quantize_per_tensor(tensor, 0.1, 0, torch.qint8)


def _claims_width(width):
    """Every tensor as a network of that width has it, each a view of a single number."""

    def change(state):
        for name, tensor in state.items():
            # The official network is two wide, and three the number of its channels.
            shape = [side * width // 2 if side % 2 == 0 else side for side in tensor.shape]
            state[name] = torch.zeros(1).expand(shape)

    return change


def _claims_channels(state):
    state["conv_01.weight"] = torch.zeros(1).expand(2, 100_000, 3, 3)


def bytes_file(name, content):
    """A maker of a file with that content."""

    def make(folder):
        (folder / name).write_bytes(content)
        return folder / name

    return make


def _folder(name):
    def make(folder):
        (folder / name).mkdir()
        return folder / name

    return make


def _torch_archive(pickled, deflated=None):
    def make(folder):
        with zipfile.ZipFile(folder / "model.pth", "w") as archive:
            archive.writestr("model/data.pkl", pickled)
            archive.writestr("model/byteorder", "little")
            archive.writestr("model/version", "3\n")
            if deflated:
                archive.writestr("model/data/0", deflated, zipfile.ZIP_DEFLATED)
        return folder / "model.pth"

    return make


def _script(folder):
    torch.jit.trace(torch.nn.Conv2d(3, 3, 1), torch.zeros(1, 3, 4, 4)).save(folder / "model.pth")
    return folder / "model.pth"


TORCH_THAT_LOAD = {
    "parameters": torch_file(_each(torch.nn.Parameter)),
    "requiring gradients": torch_file(_each(lambda tensor: tensor.clone().requires_grad_())),
    "in double precision": torch_file(_each(torch.Tensor.double)),
    "not contiguous": torch_file(_one(lambda t: t.transpose(0, 3).contiguous().transpose(0, 3))),
}
_NOT_PLAIN = r"last\.weight is .*Expected: plain floating-point tensors"
TORCH = {
    "sparse": (torch_file(_one(torch.Tensor.to_sparse)), _NOT_PLAIN),
    "quantized": (torch_file(_one(_quantized)), _NOT_PLAIN),
    "on the meta device": (torch_file(_one(lambda tensor: tensor.to("meta"))), _NOT_PLAIN),
    "complex": (torch_file(_one(lambda tensor: tensor.to(torch.complex64))), _NOT_PLAIN),
    "of integers": (torch_file(_one(lambda tensor: tensor.to(torch.int8))), _NOT_PLAIN),
    "keys no strings": (
        torch_file(lambda state: {"params": dict(enumerate(state.values()))}),
        "holds no named tensors",
    ),
    "a list in params": (
        torch_file(lambda state: {"params": [*state.values()]}),
        "holds no named tensors",
    ),
    "a list": (torch_file(lambda state: [*state.values()]), "holds no named tensors"),
    "a tensor": (torch_file(lambda state: torch.zeros(3)), "holds no named tensors"),
    "a number": (torch_file(lambda state: 5), "holds no named tensors"),
    "one folder too deep": (
        torch_file(lambda state: {"state_dict": {"params": state}}),
        r"holds no named tensors \(found state_dict\)",
    ),
    "an endless name": (
        torch_file(lambda state: {"a" * 100_000: torch.zeros(3)}),
        "is not a checkpoint of HINet",
    ),
    "width 10^6 in one tensor": (
        torch_file(lambda s: s.update({"conv_01.weight": torch.zeros(1).expand(10**6, 3, 3, 3)})),
        "its tensors claim",
    ),
    "width 10^4 in each tensor": (torch_file(_claims_width(10**4)), "its tensors claim"),
    "10^5 channels": (torch_file(_claims_channels), "its tensors claim"),
    "10^5 channels that are there": (
        torch_file(lambda s: s.update({"conv_01.weight": torch.zeros(2, 100_000, 1, 1)})),
        "does not fit a HINet of width 2.*conv_01.weight of shape",
    ),
    "a pickled module": (
        torch_file(lambda state: torch.nn.Conv2d(3, 3, 1)),
        r"names torch\.nn\.modules\.conv\.Conv2d, and code is never run",
    ),
    "a script": (_script, "is not a readable PyTorch checkpoint"),
    "200,000 lists in lists": (
        _torch_archive(b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."),
        "holds no named tensors",
    ),
    "a million lists in lists": (
        _torch_archive(b"\x80\x02" + b"]" * 10**6 + b"a" * (10**6 - 1) + b"."),
        "its list of tensors alone takes 2 MB",
    ),
    "a bomb": (
        _torch_archive(pickle.dumps({}, 2), deflated=bytes(2**28)),
        "claims 268 MB and is",
    ),
    "an empty file": (bytes_file("model.pth", b""), "is not a readable PyTorch checkpoint"),
    "text": (bytes_file("model.pth", b"<html>404</html>"), "is not a readable PyTorch checkpoint"),
    "a folder": (_folder("model.pth"), "No such model file"),
}


# === .keras ===


@functools.cache
def _keras_parts():
    """Config and weights of a small network as Keras writes them."""
    with tempfile.TemporaryDirectory() as folder:
        HINet(width=4, depth=2).save(f"{folder}/model.keras")
        with zipfile.ZipFile(f"{folder}/model.keras") as archive:
            return archive.read("config.json").decode(), archive.read("model.weights.h5")


def keras_file(config=None, weights=None, compression=zipfile.ZIP_STORED, damage=None):
    """A maker of a `.keras` file.

    Args:
        config: Text of its config, or a change in place of the parsed one.
        weights: Its weights, or a function that makes them; `False` for none.
        compression: How the archive stores them.
        damage: From the archive's bytes to those of the file.
    """

    def make(folder):
        text, values = _keras_parts()
        if callable(config):
            parsed = json.loads(text)
            config(parsed)
            text = json.dumps(parsed)
        elif config is not None:
            text = config
        if weights is not None:
            values = weights() if callable(weights) else weights
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as archive:
            archive.writestr("metadata.json", "{}")
            if text is not False:
                archive.writestr("config.json", text)
            if values is not False:
                archive.writestr("model.weights.h5", values)
        content = buffer.getvalue()
        (folder / "model.keras").write_bytes(damage(content) if damage else content)
        return folder / "model.keras"

    return make


def _argument(**changes):
    return keras_file(lambda parsed: parsed["config"].update(changes))


def _as_saved(model):
    """A maker of the file of a model that is built by a function."""

    def make(folder):
        model().save(folder / "model.keras")
        return folder / "model.keras"

    return make


def _network(*layers):
    return keras.Sequential([keras.Input((None, None, 3)), *layers])


def _with_layer(change, *layers):
    """A maker of a sequential model whose second layer's config is changed after saving."""

    def make(folder):
        _network(*layers or [keras.layers.Conv2D(3, 1)]).save(folder / "model.keras")
        with zipfile.ZipFile(folder / "model.keras") as archive:
            parsed = json.loads(archive.read("config.json"))
            weights = archive.read("model.weights.h5")
        change(parsed["config"]["layers"][1])
        return keras_file(json.dumps(parsed), weights)(folder)

    return make


def _claiming_dataset():
    """Weights one of which claims 3 GB and stores nothing."""
    buffer = io.BytesIO(_keras_parts()[1])
    with h5py.File(buffer, "a") as file:
        del file["layers/convolution/vars/0"]
        file.create_dataset("layers/convolution/vars/0", (750_000_000,), "float32", chunks=(2**20,))
    return buffer.getvalue()


def _other_weights():
    with tempfile.TemporaryDirectory() as folder:
        HINet(width=8, depth=2).save(f"{folder}/model.keras")
        with zipfile.ZipFile(f"{folder}/model.keras") as archive:
            return archive.read("model.weights.h5")


def _encrypted(content):
    """Sets the flag for encryption in the archive's directory and before each member."""
    content = bytearray(content)
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = content.find(signature)
        while start >= 0:
            content[start + offset] |= 1
            start = content.find(signature, start + 4)
    return bytes(content)


def _with_odd_compression(content):
    content = bytearray(content)
    for signature, offset in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        start = content.find(signature)
        while start >= 0:
            content[start + offset] = 99
            start = content.find(signature, start + 4)
    return bytes(content)


def _one_bit_off(content):
    """In the weights, so that their checksum no longer holds."""
    content = bytearray(content)
    content[content.find(b"\x89HDF") + 5000] ^= 1
    return bytes(content)


_UNREADABLE = r"model\.keras is not a readable \.keras file"
_NO_HINET = rf"{_UNREADABLE}: "
KERAS = {
    "text": (bytes_file("model.keras", b"<html>404</html>"), "no zip archive"),
    "an empty file": (bytes_file("model.keras", b""), "no zip archive"),
    "a folder": (_folder("model.keras"), "No such model file"),
    "cut short": (keras_file(damage=lambda c: c[: len(c) // 2]), "no zip archive"),
    "one bit off": (keras_file(damage=_one_bit_off), rf"{_UNREADABLE}.*CRC"),
    "encrypted": (keras_file(damage=_encrypted), rf"{_UNREADABLE}.*encrypted"),
    "odd compression": (keras_file(damage=_with_odd_compression), f"{_UNREADABLE}.*compression"),
    "without config": (keras_file(False), f"{_UNREADABLE}: it holds no config.json"),
    "without weights": (keras_file(weights=False), f"{_UNREADABLE}: it holds no model.weights.h5"),
    "config no JSON": (keras_file("{"), f"{_UNREADABLE}: its config.json"),
    "config not text": (keras_file(b"\xff\xfe\0"), f"{_UNREADABLE}: its config.json"),
    "a million brackets": (keras_file(NESTED), f"{_UNREADABLE}: its config.json"),
    "config a list": (keras_file("[]"), f"{_UNREADABLE}.*expected an object"),
    "config a number": (keras_file("5"), f"{_UNREADABLE}.*expected an object"),
    "config null": (keras_file("null"), f"{_UNREADABLE}.*expected an object"),
    "config empty": (keras_file("{}"), f"{_UNREADABLE}: it holds a dict instead of a model"),
    "config a bomb": (
        keras_file(" " * 2**28, compression=zipfile.ZIP_DEFLATED),
        f"{_UNREADABLE}: its config.json claims 268 MB",
    ),
    "weights a bomb": (
        keras_file(weights=lambda: bytes(2**28), compression=zipfile.ZIP_DEFLATED),
        f"{_UNREADABLE}: its model.weights.h5 claims 268 MB",
    ),
    "weights no HDF5": (keras_file(weights=b"nothing" * 10**5), f"{_UNREADABLE}.*HDF5"),
    "weights cut": (
        keras_file(weights=lambda: _keras_parts()[1][:100_000]),
        f"{_UNREADABLE}.*HDF5",
    ),
    "a weight that claims 3 GB": (
        keras_file(weights=_claiming_dataset),
        f"{_UNREADABLE}: its weights claim 3 GB",
    ),
    "weights of another width": (keras_file(weights=_other_weights), f"{_UNREADABLE}.*shape"),
    "registered name a list": (keras_file(lambda p: p.update(registered_name=[1])), _UNREADABLE),
    "module a number": (
        keras_file(lambda p: p.update(module=5, registered_name="a>b")),
        _UNREADABLE,
    ),
    "another class": (
        keras_file(lambda p: p.update(registered_name="mine>Net", class_name="Net", module="mine")),
        f"{_UNREADABLE}.*'Net'",
    ),
    "a class of the system": (
        keras_file(
            lambda p: p.update(registered_name=None, class_name="Popen", module="subprocess")
        ),
        f"{_UNREADABLE}.*'Popen'",
    ),
    "arguments a list": (keras_file(lambda p: p.update(config=[1])), _UNREADABLE),
    "arguments missing": (keras_file(lambda p: p.pop("config")), _UNREADABLE),
    "width 10^6": (_argument(width=10**6), f"{_UNREADABLE}: its config asks for .*TB of weights"),
    "width 10^30": (_argument(width=10**30), _UNREADABLE),
    "width below zero": (_argument(width=-4), f"{_NO_HINET}.*width=-4"),
    "width a text": (_argument(width="4"), f"{_NO_HINET}.*width='4'"),
    "width a fraction": (_argument(width=4.5), rf"{_NO_HINET}.*width=4\.5"),
    "width null": (_argument(width=None), f"{_NO_HINET}.*width=None"),
    "depth 10^6": (_argument(depth=10**6), f"{_NO_HINET}.*depth=1000000"),
    "depth 9": (_argument(depth=9, hin_levels=None), f"{_UNREADABLE}.*its config asks for"),
    "10^5 channels": (_argument(channels=10**5), f"{_UNREADABLE}.*its config asks for"),
    "levels a text": (_argument(hin_levels="all"), f"{_NO_HINET}.*hin_levels='all'"),
    "levels texts": (_argument(hin_levels=["0"]), rf"{_NO_HINET}.*hin_levels=\['0'\]"),
    "levels a number": (_argument(hin_levels=1), f"{_NO_HINET}.*hin_levels=1"),
    "slope a text": (_argument(negative_slope="steep"), f"{_NO_HINET}.*negative_slope='steep'"),
    "slope NaN": (_argument(negative_slope=float("nan")), f"{_NO_HINET}.*negative_slope=nan"),
    "norm a number": (_argument(norm=5), f"{_NO_HINET}.*norm=5"),
    "windows texts": (
        _argument(norm="local", local_train_size="256"),
        f"{_NO_HINET}.*local_train_size='256'",
    ),
    "type unknown": (_argument(dtype="float99"), f"{_NO_HINET}.*float99"),
    "type a layer": (
        _argument(dtype={"class_name": "Conv2D", "module": "keras.layers", "config": {}}),
        _UNREADABLE,
    ),
    "name a number": (_argument(name=5), _UNREADABLE),
    "frozen a number": (_argument(frozen=5), _UNREADABLE),
    "unknown arguments": (_argument(scale=2, heads=8), f"{_NO_HINET}.*"),
    "a lambda": (
        _as_saved(lambda: _network(keras.layers.Lambda(lambda image: image))),
        f"{_UNREADABLE}: it holds Python code, which is never run",
    ),
    "10^9 filters": (
        _with_layer(lambda layer: layer["config"].update(filters=10**9)),
        f"{_UNREADABLE}.*its config asks for",
    ),
    "an unknown layer": (
        _with_layer(lambda layer: layer.update(class_name="Conv9D")),
        f"{_UNREADABLE}.*Conv9D",
    ),
    "an unknown argument of a layer": (
        _with_layer(lambda layer: layer["config"].update(heads=8)),
        f"{_UNREADABLE}.*",
    ),
}


# === Presets ===

_CONFIG = {"width": 4, "depth": 2, "hin_levels": [0, 1], "channels": 3}


def preset(card=None, weights=None, text=None, **config):
    """A maker of a preset.

    Args:
        card: A change of the card in place.
        weights: Another content of the file of weights, whose checksum the card then holds.
        text: Another content of the card.
        **config: Arguments of the network that the card is to ask for.
    """

    def make(folder):
        entry = {"name": "photos", "license": "CC0"}
        about = dict.fromkeys(REQUIRED, "x") | {
            "name": "mine", "task": "denoise", "scale": 0.0625, "config": _CONFIG,
            "license": "MIT", "training_data": [entry],
        }  # fmt: skip
        write_preset(folder, about, HINet(**_CONFIG))
        written = json.loads((folder / "mine.json").read_text())
        written["config"] |= config
        if weights is not None:
            values = weights(folder / "mine.npz") if callable(weights) else weights
            (folder / "mine.npz").write_bytes(values)
            written["sha256"] = hashlib.sha256(values).hexdigest()
        if card:
            card(written)
        content = json.dumps(written) if text is None else text
        (folder / "mine.json").write_bytes(
            content if isinstance(content, bytes) else content.encode()
        )
        return folder

    return make


def npy(shape="(3,)", descr="'<f2'", data=b"\0" * 6):
    """A `.npy` file whose header says what it likes."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + data


def _exchanged(name, content, compression=zipfile.ZIP_STORED):
    """The file of weights with one member exchanged for other bytes."""

    def weights(path):
        buffer = io.BytesIO()
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w", compression) as new:
            for member in old.namelist():
                value = content if member == f"{name}.npy" else old.read(member)
                new.writestr(member, value)
        return buffer.getvalue()

    return weights


def _zipped_over(content):
    def weights(_path):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("last.bias.npy", content)
        return buffer.getvalue()

    return weights


_CARD = r"mine\.json is no .*card of a preset"
_NPZ = r"mine\.npz is no readable \.npz file"
PRESETS = {
    "card a list": (preset(text="[]"), _CARD),
    "card a number": (preset(text="5"), _CARD),
    "card a text": (preset(text='"name"'), _CARD),
    "card no JSON": (preset(text="{"), _CARD),
    "card not text": (preset(text=b"\xff\xfe\0"), _CARD),
    "a million brackets": (preset(text=NESTED), _CARD),
    "100,000 brackets": (preset(text=NESTED[:100_000]), _CARD),
    "task a list": (preset(lambda card: card.update(task=["denoise"])), f"{_CARD}.*task"),
    "checksum a number": (preset(lambda card: card.update(sha256=5)), f"{_CARD}.*sha256"),
    "scale a text": (preset(lambda card: card.update(scale="0.25x")), f"{_CARD}.*scale"),
    "data a text": (preset(lambda c: c.update(training_data="x")), f"{_CARD}.*training_data"),
    "data without licence": (
        preset(lambda card: card.update(training_data=[{"name": "photos"}])),
        f"{_CARD}.*training_data",
    ),
    "config a list": (preset(lambda card: card.update(config=[4])), f"{_CARD}.*config"),
    "width 10^6": (preset(width=10**6), r"mine\.npz does not fit a HINet of width 1000000"),
    "width a text": (preset(width="4"), r"mine\.json.*width='4'"),
    "depth 10^6": (preset(depth=10**6), r"mine\.json.*depth=1000000"),
    "10^5 channels": (preset(channels=10**5), r"mine\.npz does not fit a HINet"),
    "unknown arguments": (preset(heads=8), r"mine\.json.*heads=8"),
    "an empty file": (preset(weights=b""), _NPZ),
    "a .npy": (preset(weights=npy()), _NPZ),
    "a pickle": (preset(weights=pickle.dumps([1])), _NPZ),
    "186 GB": (
        preset(weights=_exchanged("last.bias", npy("(100000000000,)"))),
        f"{_NPZ}.*last.bias claims 200 GB",
    ),
    "a negative shape": (preset(weights=_exchanged("last.bias", npy("(-3,)"))), _NPZ),
    "a shape of texts": (preset(weights=_exchanged("last.bias", npy("('3',)"))), _NPZ),
    "objects": (preset(weights=_exchanged("last.bias", npy(descr="'|O'"))), _NPZ),
    "texts": (preset(weights=_exchanged("last.bias", npy(descr="'<U1'", data=bytes(12)))), _NPZ),
    "a header that is none": (preset(weights=_exchanged("last.bias", b"\x93NUMPY\1\0")), _NPZ),
    "no .npy within": (preset(weights=_exchanged("last.bias", b"text")), _NPZ),
    "a bomb": (
        preset(weights=_zipped_over(npy("(134217728,)", data=bytes(2**28)))),
        f"{_NPZ}.*claims 268 MB",
    ),
}


# === Models in memory ===


class Subclassed(keras.Model):
    """A model that says nothing of its inputs before it is called, nor after."""

    def __init__(self):
        super().__init__()
        self.convolution = keras.layers.Conv2D(3, 1)

    def call(self, image):
        return self.convolution(image)


def _called():
    model = Subclassed()
    model(np.zeros((1, 16, 16, 3), np.float32))
    return model


def _two_inputs():
    images = [keras.Input((None, None, 3)) for _ in range(2)]
    return keras.Model(images, keras.layers.Add()(images))


_NEVER_CALLED = "has never been called"
MODELS = {
    "never called": (lambda: keras.Sequential([keras.layers.Conv2D(3, 1)]), _NEVER_CALLED),
    "a class never called": (Subclassed, _NEVER_CALLED),
    "a class": (_called, "is a class of its own"),
    "a number": (lambda: 5, "Received: int"),
    "nothing": (lambda: None, "Received: NoneType"),
    "a layer": (lambda: keras.layers.Conv2D(3, 1), "Received: Conv2D"),
    "a class of models": (lambda: HINet, "Received: the class HINet"),
    "of two images": (_two_inputs, "from one image to its restoration"),
    "of vectors": (
        lambda: keras.Sequential([keras.Input((8,)), keras.layers.Dense(8)]),
        "from one image to its restoration",
    ),
    "that doubles": (lambda: _network(keras.layers.UpSampling2D(2)), "in its own size"),
    "to gray": (lambda: _network(keras.layers.Conv2D(1, 1)), "in its own size"),
}
