"""`leadbridge demo` runs through wherever it is started, and leaves nothing running behind."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from leadbridge.demo import Story, _ended_by_signals, run, servers, steps_of
from leadbridge.demo.telling import Teller

SOURCES = str(Path(__file__).resolve().parents[2] / "src")
COMMAND = [sys.executable, "-m", "leadbridge", "demo"]


def environment(**surroundings: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": SOURCES, **surroundings}


def demo(folder: Path, *arguments: str, **surroundings: str) -> subprocess.CompletedProcess[bytes]:
    """What the command did in an empty folder, with its output in bytes."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(**surroundings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=180,
        check=False,
    )


def processes_in(folder: Path) -> list[str]:
    """Command lines of the other processes that have this folder as their working directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.name != str(os.getpid()) and (process / "cwd").samefile(folder):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # gone meanwhile, or somebody else's
    return found


@pytest.mark.parametrize("story", list(Story))
def test_every_step_is_told_and_verified(tmp_path: Path, story: Story) -> None:
    """The main story on a terminal that knows ASCII alone, and among other settings, which it keeps out."""
    main = story is Story.MAIN
    steps = steps_of(story)
    done = demo(tmp_path, **SURROUNDINGS) if main else demo(tmp_path, "--story", story)
    told = done.stdout.decode()
    assert done.returncode == 0, told
    for name, _ in steps:
        assert name in told
    summary = re.search(rf"{len(steps)} steps verified by (\d+) checks in [\d.]+ seconds\.", told)
    assert summary is not None, told
    mark = "ok " if main else r"\N{CHECK MARK} "
    assert int(summary[1]) == len(re.findall(rf"^ *{mark}", told, re.MULTILINE)) - 1
    assert told.isascii() or not main
    assert list(tmp_path.iterdir()) == []
    assert processes_in(tmp_path) == []


SURROUNDINGS = {
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONIOENCODING": "ascii:strict",
    "LEADBRIDGE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "LEADBRIDGE_NO_SUCH_SETTING": "1",
    "http_proxy": "http://127.0.0.1:9",
}


def test_the_stories_are_explained_and_there_are_no_others(tmp_path: Path) -> None:
    shown = " ".join(demo(tmp_path, "--help").stdout.decode().split())
    assert all(f"{story}: " in shown for story in Story)
    assert demo(tmp_path, "--story", "nothing").returncode == 2


def test_a_server_that_does_not_start_fails_it_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    launch = servers.Server.launch

    def launch_with_a_wrong_setting(server: servers.Server) -> None:
        if server.name == "gateway":
            server._environment["LEADBRIDGE_WORKERS"] = "none"
        launch(server)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(servers.Server, "launch", launch_with_a_wrong_setting)
    assert run() is False
    told = capsys.readouterr().out
    assert "FAILED the gateway ended with exit code 1" in told
    assert "LEADBRIDGE_WORKERS" in told
    assert processes_in(tmp_path) == []


def test_ended_from_outside_it_ends_its_servers(tmp_path: Path) -> None:
    with subprocess.Popen(COMMAND, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b"Step 1" in line:
                break
        assert len(processes_in(tmp_path)) > 2
        process.terminate()
        process.stdout.read()
        assert process.wait(60) == 128 + signal.SIGTERM
    assert processes_in(tmp_path) == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it is what this test brings about
def test_a_signal_that_comes_while_something_is_finalized_ends_it_as_well() -> None:
    class Finalized:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)  # what a handler raises in here, the interpreter swallows

    teller = Teller()
    told_after = []

    def tell() -> None:
        with _ended_by_signals(teller):
            Finalized()
            teller.say("a sentence more")
            told_after.append("it")

    with pytest.raises(SystemExit) as ended:
        tell()
    assert ended.value.code == 128 + signal.SIGTERM
    assert told_after == []
