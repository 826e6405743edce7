"""`leadbridge demo` runs through wherever it is started, and leaves nothing running behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from leadbridge.demo import STEPS

SOURCES = str(Path(__file__).resolve().parents[2] / "src")


def demo(folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """What the command did in an empty folder, with its output in bytes."""
    return subprocess.run(
        [sys.executable, "-m", "leadbridge", "demo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": SOURCES, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=180,
        check=False,
    )


def processes_in(folder: Path) -> list[str]:
    """Command lines of the processes that have this folder as their working directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").samefile(folder):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # gone meanwhile, or somebody else's
    return found


def test_every_step_is_told_and_verified(tmp_path: Path) -> None:
    done = demo(tmp_path)
    told = done.stdout.decode()
    assert done.returncode == 0, told
    for name, _ in STEPS:
        assert name in told
    summary = re.search(rf"{len(STEPS)} steps verified by (\d+) checks in [\d.]+ seconds\.", told)
    assert summary is not None, told
    assert int(summary[1]) == told.count("\N{CHECK MARK}") - 1
    assert list(tmp_path.iterdir()) == []
    assert processes_in(tmp_path) == []


def test_it_speaks_ascii_where_the_terminal_does_and_keeps_out_other_settings(tmp_path: Path) -> None:
    surroundings = {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "ascii:strict",
        "LEADBRIDGE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "LEADBRIDGE_NO_SUCH_SETTING": "1",
        "http_proxy": "http://127.0.0.1:9",
    }
    done = demo(tmp_path, **surroundings)
    assert done.returncode == 0, done.stdout
    assert done.stdout.isascii()


@pytest.mark.parametrize("where", ["gateway", "core-crm"])
def test_a_server_that_does_not_start_fails_it_with_the_reason(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from leadbridge import demo as package
    from leadbridge.demo import servers

    launch = servers.Server.launch

    def launch_with_a_wrong_setting(server: servers.Server) -> None:
        if server.name == where:
            server._environment["LEADBRIDGE_WORKERS"] = "none"
        launch(server)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(servers.Server, "launch", launch_with_a_wrong_setting)
    assert package.run() is False
    told = capsys.readouterr().out
    assert f"FAILED the {where} ended with exit code 1" in told
    assert "LEADBRIDGE_WORKERS" in told
    assert processes_in(tmp_path) == []
