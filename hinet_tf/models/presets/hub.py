"""Presets on Hugging Face and Kaggle: fetched by the hubs' own clients, checked, then used."""

import hashlib
import importlib
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# The files of a preset there, by the names that the hubs know.
CARD, WEIGHTS = "config.json", "model.safetensors"

_SCHEMES = ("hf://", "kaggle://")
ReadCard = Callable[[Path], dict[str, Any]]


def is_hub_address(name: str | os.PathLike[str]) -> bool:
    """Whether a name is `hf://owner/name` or `kaggle://owner/model/keras/variation`."""
    return isinstance(name, str) and name.startswith(_SCHEMES)


def fetch_card(address: str, read_card: ReadCard) -> Path:
    """Fetches a preset into the cache of the hub's client, unless it lies there already.

    Args:
        address: `hf://owner/name`, `hf://owner/name@revision`, or
            `kaggle://owner/model/keras/variation`, a version appended or not.
        read_card: Reads a card and refuses what it cannot use.

    Returns:
        The path of the card; the weights lie beside it and are those of the card.

    Raises:
        ValueError: If the client is not installed, there is no such preset, or what came is
            damaged; nothing damaged is kept.
        OSError: If the hub does not answer or refuses.
    """
    download = _from_hugging_face if address.startswith("hf://") else _from_kaggle
    fetch = download(address)
    card_path = fetch(CARD)
    try:
        card = read_card(card_path)
    except ValueError as error:
        raise ValueError(f"{address}: {error}") from error
    weights = fetch(WEIGHTS)
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != card["sha256"]:
        # Of Hugging Face's cache this is a link to the file.
        weights.resolve().unlink()
        weights.unlink(missing_ok=True)
        raise ValueError(
            f"{address} is damaged: the SHA-256 of {WEIGHTS} is {found}, its card says "
            f"{card['sha256']}. Nothing was kept; try again, or tell its owner."
        )
    return card_path


def _from_hugging_face(address: str) -> Callable[[str], Path]:
    client = _client("huggingface_hub", address)
    errors = importlib.import_module("huggingface_hub.errors")
    # Loaded now: on its first use it sets how much it tells.
    download = client.hf_hub_download
    repository, _, revision = address.removeprefix("hf://").partition("@")
    # Both files are of one commit, whatever is uploaded meanwhile.
    commit = [revision or None]

    def fetch(file: str) -> Path:
        try:
            with _quiet("huggingface_hub"):
                path = Path(download(repository, file, revision=commit[0]))
        except errors.HFValidationError as error:
            raise ValueError(f"{address} is no address: expected hf://owner/name.") from error
        except errors.LocalEntryNotFoundError as error:
            raise _unreachable(address, "Hugging Face") from error
        except errors.EntryNotFoundError as error:
            raise ValueError(f"{address} holds no preset: no {file} is there.") from error
        except errors.RevisionNotFoundError as error:
            raise ValueError(f"{address}: there is no revision {revision!r}.") from error
        except errors.HfHubHTTPError as error:
            raise _refused(address, error, "hf auth login, or HF_TOKEN") from error
        # What a broken connection makes the client raise is of many types.
        except Exception as error:
            raise _broken(address, file, error) from error
        commit[0] = path.parent.name
        return path

    return fetch


def _from_kaggle(address: str) -> Callable[[str], Path]:
    client = _client("kagglehub", address)
    handle = address.removeprefix("kaggle://")
    errors = importlib.import_module("kagglehub.exceptions")

    folder: list[Path] = []

    def fetch(file: str) -> Path:
        try:
            path = Path(client.model_download(handle, path=file))
        except errors.KaggleApiHTTPError as error:
            login = "kagglehub.login(), or KAGGLE_USERNAME and KAGGLE_KEY"
            raise _refused(address, error, login) from error
        except ValueError as error:
            raise ValueError(
                f"{address} is no address: expected kaggle://owner/model/keras/variation "
                f"({_first_line(error)})."
            ) from error
        except Exception as error:
            # Of `requests`, which only the client is known to have; hence by name.
            if type(error).__name__ in ("ConnectionError", "ConnectTimeout"):
                raise _unreachable(address, "Kaggle") from error
            # It leaves what it has of a file where the whole would lie.
            for place in folder:
                (place / file).unlink(missing_ok=True)
            raise _broken(address, file, error) from error
        folder.append(path.parent)
        return path

    return fetch


@contextmanager
def _quiet(logger_name: str) -> Iterator[None]:
    """Silences warnings: of a hub that is down, the client tells five times that it asks again."""
    logger = logging.getLogger(logger_name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _client(package: str, address: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ValueError(
            f"{address} needs the package {package}: pip install 'hinet-tf[hub]'."
        ) from error


def _unreachable(address: str, hub: str) -> OSError:
    return OSError(
        f"{address} is not in the cache and {hub} does not answer. Check the network, or name a "
        "folder that holds the preset."
    )


def _refused(address: str, error: Any, login: str) -> Exception:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return OSError(
            f"{address} may not be read (status {status}): it is private, asks for consent, or is "
            f"not there. Log in ({login}), or check the address."
        )
    if status == 404:
        return ValueError(f"{address} is not there (status 404). Check owner and name.")
    return OSError(f"{address} could not be fetched: status {status}. Try again later.")


def _broken(address: str, file: str, error: Exception) -> OSError:
    reason = _first_line(error)
    return OSError(
        f"{file} of {address} did not arrive whole ({reason}). Nothing was kept; try again."
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
