"""The server of a demo: `overture up` as a real child process that leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from overture.store import embedded

READY_SECONDS = 120
STOP_SECONDS = 30
_OWN_SETTINGS = "OVERTURE_"  # the operator's own database and keys are no part of a demo
_COMMAND = (sys.executable, "-c", "from overture.cli import app; app()")


class ServerFailed(Exception):
    """The server did not start, or ended by itself; the text holds the end of its log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What the server runs with: its data, its port (the sandbox takes the next one), and the virtual run."""

    data: Path
    port: int
    people: int
    seed: int
    start: str
    speed: str = "max"

    @property
    def base_url(self) -> str:
        """Where the API answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox platform answers."""
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def dsn(self) -> str:
        """The address of the embedded database."""
        return embedded.Embedded(self.data).dsn

    @property
    def log(self) -> Path:
        """Where what the server writes is kept."""
        return self.data / "up.log"


@dataclass(kw_only=True, slots=True)
class Server:
    """One `overture up`. It runs in a process group of its own, so that Ctrl-C reaches only whoever started it."""

    settings: Settings
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the process; `wait_ready` tells when it works.

        Raises:
            RuntimeError: it runs already.
        """
        if self._process is not None and self._process.poll() is None:
            raise RuntimeError("the server runs already")
        settings = self.settings
        options = ["--host", "127.0.0.1", "--port", str(settings.port), "--data", str(settings.data), "--sandbox"]
        options += ["--people", str(settings.people), "--seed", str(settings.seed)]
        options += ["--start", settings.start, "--speed", settings.speed]
        with settings.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, with values of our own
                [*_COMMAND, "up", *options],
                # The demo asks as fast as its time runs.
                env={name: value for name, value in os.environ.items() if not name.startswith(_OWN_SETTINGS)}
                | {"OVERTURE_RATE_LIMITS": "off"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_ready(self) -> None:
        """Wait until the API answers and works.

        Raises:
            ServerFailed: the process ended, or was not ready in time.
        """
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            self.check()
            try:
                if httpx.get(f"{self.settings.base_url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise ServerFailed(f"The server was not ready within {READY_SECONDS} s. {self._log_end()}")

    def check(self) -> None:
        """Make sure that the process is there.

        Raises:
            ServerFailed: it ended by itself.
        """
        if self._process is None or self._process.poll() is not None:
            code = None if self._process is None else self._process.returncode
            raise ServerFailed(f"The server has ended (code {code}). {self._log_end()}")

    def token(self) -> str:
        """Return the token that opens the API."""
        return (self.settings.data / "token").read_text(encoding="ascii").strip()

    def kill(self) -> None:
        """Kill the process at once, as a power cut would; the embedded database may go on."""
        if self._process is not None:
            _signal_group(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """End the process, by force if it must be, and the embedded database with it."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=STOP_SECONDS)
            self.kill()
        database = embedded.Embedded(self.settings.data)
        if database.running() is not None:
            database.start()
            database.stop()

    def _log_end(self) -> str:
        log = self.settings.log
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        return f"The end of its log ({log}):\n" + "\n".join(lines[-15:])


def free_port() -> int:
    """Return a port that is free, and the next one too: the API and the sandbox stand side by side."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise ServerFailed("No two free ports stand side by side on this machine.")


def _signal_group(group: int, number: int) -> None:
    with suppress(ProcessLookupError):  # all of it has ended
        os.killpg(group, number)
