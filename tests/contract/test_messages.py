"""The generated messages are those of the authored schemas: nobody edited them, and nobody forgot to generate."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from leadbridge import messages
from leadbridge.contract.files import AUTHORED


def generator_command() -> list[str]:
    """The command of `make messages`, which is the one place where it is written down."""
    makefile = (AUTHORED.root / "Makefile").read_text()
    (command,) = re.findall(r"xsdata (generate .*?) && ", makefile.replace("\\\n", " "))
    return [sys.executable, "-m", "xsdata", *shlex.split(command.replace("$$root", str(AUTHORED.root)))]


def test_generating_again_changes_nothing(tmp_path: Path) -> None:
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    subprocess.run(
        generator_command(), cwd=tmp_path, env={"PATH": tools, "HOME": str(tmp_path)}, check=True, capture_output=True
    )
    checked_in = Path(messages.__file__).parent
    generated = {path.name: path.read_text() for path in (tmp_path / "leadbridge" / "messages").glob("*.py")}
    assert generated == {path.name: path.read_text() for path in checked_in.glob("*.py")}
