"""The commands that the pages for jobs promise are ones that the parsers take."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from hinet_tf.commands import hinet

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = sorted((DOCS / "jobs").glob("*.md"))
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


@pytest.mark.slow
@pytest.mark.parametrize("notebook", sorted((DOCS / "notebooks").glob("*.ipynb")), ids=str)
def test_notebooks_run_from_top_to_bottom(notebook, tmp_path):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    short = re.sub(r"^STEPS, EPOCHS = .*$", "STEPS, EPOCHS = 2, 2", code, flags=re.MULTILINE)
    environment = {**os.environ, "MPLBACKEND": "agg"}
    ran = subprocess.run(
        [sys.executable, "-c", short], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
