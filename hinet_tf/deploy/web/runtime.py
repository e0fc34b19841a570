"""LiteRT.js, which runs `.tflite` files in browsers: fetched once, by checksum."""

import hashlib
import http.client
import io
import os
import shutil
import tarfile
import urllib.request
from pathlib import Path

from hinet_tf.files import atomic_path

VERSION = "2.5.3"
_REGISTRY, _SECONDS = "https://registry.npmjs.org", 60

# The packages, the SHA-512 of their archives, and what the page needs of them: the loader and two
# of four builds. `threaded` needs relaxed SIMD and a page isolated by headers; `compat` runs
# wherever there is SIMD.
_PACKAGES = {
    "@litertjs/core": (
        "3e51a66cc3aaf568ad5fb14ed2385b749c3d1ad85ab6ccae0905e34edff0259a"
        "3414b6b0e3cab8b73f08c2a82a08892f8981abf4e1432f59029cde27cd6a3225",
        {
            "package/dist/index.js": "core.js",
            **{
                f"package/wasm/litert_wasm_{build}_internal.{kind}": (
                    f"litert_wasm_{build}_internal.{kind}"
                )
                for build in ("threaded", "compat")
                for kind in ("js", "wasm")
            },
        },
    ),
    "@litertjs/wasm-utils": (
        "e1f262c3ab4142722cfb48c7fce435ea760e89297cffecd99e7e61dae97c6932"
        "878b4e6c56a656e7cd139a4efca42da44f7f40f4e60155d15ac2d799fec23591",
        {"package/dist/index.js": "wasm-utils.js"},
    ),
}
_LICENSE = Path(__file__).with_name("apache-2.0.txt")
_NOTICE = f"""LiteRT.js {VERSION}. Copyright 2025 Google LLC.
Licensed under the Apache License, Version 2.0; LICENSE holds it.
Changed: core.js imports ./wasm-utils.js.
"""


def ensure_runtime(folder: Path) -> Path:
    """Fetches LiteRT.js into a folder, unless it is there.

    Args:
        folder: Where its files lie; wheels carry them.

    Returns:
        The folder.

    Raises:
        OSError: If npm's registry cannot be reached.
        ValueError: If what came is not what was pinned.
    """
    if (folder / "LICENSE").is_file():
        return folder
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        for package, (checksum, members) in _PACKAGES.items():
            archive = _fetched(package)
            if hashlib.sha512(archive).hexdigest() != checksum:
                raise ValueError(
                    f"{package} {VERSION} came with another checksum than this version of hinet-tf "
                    "expects; it was not used. Try again, or another network."
                )
            with tarfile.open(fileobj=io.BytesIO(archive)) as file:
                for member, name in members.items():
                    content = file.extractfile(member).read()
                    if name.endswith(".js"):
                        content = _local(content)
                    (temporary / name).write_bytes(content)
        (temporary / "NOTICE").write_text(_NOTICE, encoding="utf-8")
        # The archives lack the text that whoever passes them on has to pass on.
        shutil.copyfile(_LICENSE, temporary / "LICENSE")
    return folder


def _fetched(package: str) -> bytes:
    # The name that npm itself reads, for those behind a mirror.
    registry = os.environ.get("npm_config_registry", _REGISTRY).rstrip("/")
    url = f"{registry}/{package}/-/{package.split('/')[-1]}-{VERSION}.tgz"
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as response:
            return response.read()
    except (OSError, http.client.HTTPException) as error:
        raise OSError(
            f"{package} {VERSION} is needed once to make the page, is not in this installation, "
            f"and {url} could not be fetched ({error}). Connect to the network, name a mirror by "
            "npm_config_registry, or use a wheel, which carries it."
        ) from error


def _local(content: bytes) -> bytes:
    """A script without its source map, importing its neighbour: workers have no import maps."""
    content = content.replace(b'"@litertjs/wasm-utils"', b'"./wasm-utils.js"')
    return b"\n".join(line for line in content.split(b"\n") if b"//# sourceMappingURL" not in line)
