"""A real `leadbridge serve` in a process of its own, for tests that speak over the wire.

Processes started here are ended here, by their group, whatever happens to the test.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import requests

READY_SECONDS = 60


def free_port() -> int:
    """A port that was free a moment ago."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run_cli(*arguments: str, environment: Mapping[str, str], standard_input: str = "") -> str:
    """Run one `leadbridge` command and return what it printed; fails the test when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "leadbridge", *arguments],
        env={**os.environ, **environment},
        input=standard_input,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"leadbridge {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout


class Server:
    """`leadbridge serve` on loopback. `environment` holds LEADBRIDGE_ settings beside database and port.

    Use it as a context manager, or call `start`, and `stop` or `kill` in a finally.
    """

    def __init__(
        self, database_url: str, folder: Path, *, environment: Mapping[str, str] | None = None, port: int | None = None
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"server-{self.port}.log"
        self.environment = {
            "LEADBRIDGE_DATABASE_URL": database_url,
            "LEADBRIDGE_HOST": "127.0.0.1",
            "LEADBRIDGE_PORT": str(self.port),
            "LEADBRIDGE_VALIDATE_ANSWERS": "true",
            "LEADBRIDGE_FORWARDING__POLL_SECONDS": "0.05",
            "LEADBRIDGE_FORWARDING__FIRST_DELAY_SECONDS": "0.1",
            **(environment or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def add_caller(
        self, caller_id: str, role: str, password: str = "correct horse battery"
    ) -> tuple[str, str]:  # a test's password
        """Add a caller to the server's database, before or while it runs; returns its credentials."""
        run_cli(
            *("caller", "add", caller_id, "--name", caller_id, "--role", role, "--password-stdin"),
            environment=self.environment,
            standard_input=password + "\n",
        )
        return caller_id, password

    def start(self) -> Self:
        """Start it and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "leadbridge", "serve"],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self._process.poll() is None, f"the server ended: {self.output()}"
            if self.is_ready():
                return self
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"the server was not ready after {READY_SECONDS} s: {self.output()}")

    @property
    def process(self) -> psutil.Process:
        """The process that was started; the others are its children."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def is_ready(self) -> bool:
        """Whether it says so when it is asked."""
        try:
            return requests.get(f"{self.url}/readyz", timeout=2).ok
        except requests.ConnectionError:
            return False

    def output(self) -> str:
        """Everything it has printed and logged, over restarts."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def admin_password(self) -> str:
        """The password of the admin it made for itself."""
        found = re.search(r"its password is (\S+)", self.output())
        assert found is not None, self.output()
        return found.group(1)

    def stop(self) -> None:
        """End it in order, as an operator would."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        self._process = None

    def kill(self) -> None:
        """End every process of it at once, without a chance to finish anything."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()
