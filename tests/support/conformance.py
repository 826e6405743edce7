"""schemathesis with a contract against a running server: no answer is unlike what the contract says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.server import Server

CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "response_headers_conformance"),
)


def conforming(server: Server, contract: Path | str, folder: Path, *options: str, config: str = "") -> str:
    """What schemathesis says of requests that were all answered as the contract says; fails the test otherwise.

    The contract is a file, whose addresses lie below /bian, or the address of the server's own. `options` say what is
    tried and how much of it, `config` is the text of schemathesis.toml.
    """
    (folder / "schemathesis.toml").write_text(config)
    below = ("--url", f"{server.url}/bian") if isinstance(contract, Path) else ()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml")),
            *("run", str(contract), *below, "--checks", ",".join(CHECKS), "--no-color", "--generation-deterministic"),
            *("--auth", f"admin:{server.admin_password()}", *options),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in server.output()
    return done.stdout


def in_paths(names: Mapping[str, str]) -> str:
    """The configuration by which parameters of paths have these values, so that requests are about what there is."""
    return "[parameters]\n" + "".join(
        f"{json.dumps(f'path.{name}')} = {json.dumps(to)}\n" for name, to in names.items()
    )


def sequences(examples: int) -> str:
    """The configuration of so many sequences of up to six requests that fit."""
    phase = "[phases.stateful]\nmax-steps = 6\n[phases.stateful.generation]\n"
    return f'{phase}mode = "positive"\nmax-examples = {examples}\n'


def generated(said: str) -> int:
    """How many requests were made up."""
    return _number(said, r"(\d+) generated")


def followed(said: str) -> int:
    """How many kinds of links led from an answer to the next request."""
    return _number(said, r"API Links: +(\d+) covered")


def _number(said: str, where: str) -> int:
    found = re.search(where, said)
    assert found is not None, said
    return int(found[1])
