"""Real servers for the demonstration: `leadbridge serve` in processes of their own, ended whatever happens."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import requests

from leadbridge.authentication.callers import add_caller
from leadbridge.caller import Role
from leadbridge.demo.telling import StepFailed
from leadbridge.store.database import Database, migrate

READY_SECONDS = 60
ENDING_SECONDS = 10
LONGEST_LOG = 8_000  # characters of a server's output that are shown when something went wrong

# What an operator would not set: the demonstration must not wait where it could go on.
_HASTE = {
    "LEADBRIDGE_VALIDATE_ANSWERS": "true",
    "LEADBRIDGE_FORWARDING__POLL_SECONDS": "0.1",
    "LEADBRIDGE_PARTNER_LOOP__POLL_SECONDS": "0.1",
    "LEADBRIDGE_FORWARDING__FIRST_DELAY_SECONDS": "0.2",
    "LEADBRIDGE_FORWARDING__LONGEST_DELAY_SECONDS": "0.5",
    "LEADBRIDGE_FORWARDING__MOST_ATTEMPTS": "1000",
    "LEADBRIDGE_FORWARDING__BREAKER_PAUSE_SECONDS": "0.3",
    "LEADBRIDGE_WEBHOOKS__POLL_SECONDS": "0.1",
}


def free_ports(count: int) -> list[int]:
    """TCP ports of this machine that were free a moment ago, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Server:
    """One `leadbridge serve` on loopback with a database of its own, and the passwords of its callers."""

    def __init__(
        self,
        name: str,
        folder: Path,
        port: int,
        *,
        callers: Mapping[str, tuple[str, Role]],
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`callers` has the name and the role of each caller's ID, `settings` further LEADBRIDGE_ variables."""
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self.passwords = {caller_id: secrets.token_urlsafe(18) for caller_id in callers}
        self._callers = callers
        self._log = folder / f"{name}.log"
        database_url = f"sqlite:///{folder / name}.db"
        # Settings of whoever started the demonstration belong to their own servers.
        inherited = {key: value for key, value in os.environ.items() if not key.upper().startswith("LEADBRIDGE_")}
        self._environment = {
            **inherited,
            **_HASTE,
            "LEADBRIDGE_DATABASE_URL": database_url,
            "LEADBRIDGE_HOST": "127.0.0.1",
            "LEADBRIDGE_PORT": str(port),
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.database = Database(database_url)

    def prepare(self) -> None:
        """Make the database and the callers in it, with passwords that only this demonstration knows."""
        migrate(self.database)
        for caller_id, (name, role) in self._callers.items():
            add_caller(
                self.database,
                caller_id=caller_id,
                name=name,
                roles=[role],
                password=self.passwords[caller_id],
                now=datetime.now(UTC),
            )

    def command(self, *words: str) -> str:
        """Run a command of `leadbridge` on its database, as its operator would; what it printed. Raises StepFailed."""
        command = [sys.executable, "-m", "leadbridge", *words]
        done = subprocess.run(  # noqa: S603 - our own commands
            command, env=self._environment, capture_output=True, text=True, timeout=READY_SECONDS, check=False
        )
        if done.returncode:
            raise StepFailed(f"leadbridge {words[0]} {words[1]} ended with exit code {done.returncode}: {done.stderr}")
        return done.stdout

    def launch(self) -> None:
        """Start it; `wait_ready` says when it serves."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "leadbridge", "serve"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own, which is ended as one
            )

    def wait_ready(self) -> None:
        """Wait until it serves. Raises StepFailed."""
        assert self._process is not None
        deadline = time.monotonic() + READY_SECONDS
        with closing(requests.Session()) as session:
            session.trust_env = False  # no proxy between us and our own machine
            while time.monotonic() < deadline:
                if self._process.poll() is not None:
                    raise StepFailed(f"the {self.name} ended with exit code {self._process.returncode} at its start")
                with suppress(requests.RequestException):
                    if session.get(f"{self.url}/readyz", timeout=2).status_code == requests.codes.ok:
                        return
                time.sleep(0.05)
        raise StepFailed(f"the {self.name} was not ready within {READY_SECONDS} seconds")

    def stop(self) -> None:
        """End it as an operator would; what is left of its group after a while is ended the hard way."""
        self.ask_to_end()
        self.end()

    def ask_to_end(self) -> None:
        """Send SIGTERM, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """Wait until it has ended and leave nothing of its group behind."""
        if self._process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(ENDING_SECONDS)
        self._process = None

    def close(self) -> None:
        """End it and let its database go."""
        try:
            self.end()
        finally:
            self.database.dispose()

    def output(self) -> str:
        """The last of what it printed and logged."""
        return self._log.read_text(errors="replace")[-LONGEST_LOG:] if self._log.exists() else ""
