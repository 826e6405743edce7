"""schemathesis with an official contract against a running server: no answer is unlike what the contract says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


def conforming(
    contract: Path,
    url: str,
    credentials: tuple[str, str],
    folder: Path,
    *,
    names: Mapping[str, str],
    phases: str,
    examples: int = 2,
    mode: str = "all",
) -> str:
    """What schemathesis says of requests that were all answered as the contract says; fails the test otherwise.

    `names` are the values that parameters of the path have, so that requests are about records that there are. `mode`
    is positive where all requests shall fit.
    """
    config = folder / "schemathesis.toml"
    config.write_text(
        "[parameters]\n" + "".join(f"{json.dumps(f'path.{name}')} = {json.dumps(to)}\n" for name, to in names.items())
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", str(contract)),
            *("--url", url, "--checks", ",".join(CHECKS), "--no-color", "--phases", phases, "--mode", mode),
            *("--max-examples", str(examples), "--workers", "2", "--generation-deterministic"),
            *("--auth", ":".join(credentials)),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def counted(said: str, what: str) -> int:
    """A number that schemathesis gives, such as of requests `generated` or of links `covered`."""
    found = re.search(rf"(\d+) {what}", said)
    assert found is not None, said
    return int(found[1])
