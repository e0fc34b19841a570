import subprocess
import sys

import hinet_tf


def run(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)


def test_importing_the_package_loads_neither_keras_nor_tensorflow():
    report = run("-X", "importtime", "-c", "import hinet_tf").stderr
    imported = {line.rsplit("|", 1)[1].strip().split(".")[0] for line in report.splitlines()}
    assert "hinet_tf" in imported
    assert not imported & {"tensorflow", "keras", "jax", "torch", "numpy"}


def test_every_public_name_resolves():
    for name in hinet_tf.__all__:
        assert getattr(hinet_tf, name) is not None
    assert set(hinet_tf.__all__) <= set(dir(hinet_tf))


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(hinet_tf, "HiNet")
