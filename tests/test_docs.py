"""The commands that the pages for jobs promise are ones that the parsers take."""

import re
import shlex
from pathlib import Path

import pytest

from hinet_tf.commands import hinet

PAGES = sorted((Path(__file__).resolve().parent.parent / "docs" / "jobs").glob("*.md"))
COMMANDS = [
    command
    for page in PAGES
    for block in re.findall(r"```bash\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    for command in block.splitlines()
    if command.startswith("hinet ")
]


def test_every_page_starts_from_an_installation():
    assert len(PAGES) == 6 and len(COMMANDS) >= 12
    for page in PAGES:
        first = re.search(r"```bash\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
        assert first[1].startswith("pip install "), page


@pytest.mark.parametrize("command", COMMANDS)
def test_its_parser_takes_it(command, capsys):
    """`--help` behind it: whatever stands before is read first, and nothing is done."""
    words = shlex.split(command)[1:]
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(hinet.main([*words, "--help"]))
    assert not ended.value.code
    flags = {word for word in words if word.startswith("--")}
    assert flags <= set(re.findall(r"--[\w-]+", capsys.readouterr().out))
