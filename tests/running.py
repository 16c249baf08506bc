"""Overture as an operator starts it: processes that serve, and what they tell."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

COMMAND = (sys.executable, "-c", "from overture.cli import app; app()")
READY_SECONDS = 120


def environment(settings: dict[str, str]) -> dict[str, str]:
    return {f"OVERTURE_{name.upper()}": value for name, value in settings.items()}


@dataclass
class Running:
    """A process that serves until it is told to stop, and what it has told the operator."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        return "\n".join(self.lines)

    def address(self, name: str) -> str:
        found = re.search(rf"^  {name} +(http://[0-9.:]+)", self.told, re.MULTILINE)
        assert found is not None, self.told
        return found[1]

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Tell it to stop; return how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        assert code == 0
        return time.monotonic() - began


@contextmanager
def serving(*arguments: str, ready: str = "Ctrl-C stops it.", **settings: str) -> Iterator[Running]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OVERTURE_")}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*COMMAND, *arguments], env=clean | environment(settings), stdout=subprocess.PIPE, stderr=log, text=True
        )
        running = Running(process)
        assert process.stdout is not None
        alarm = threading.Timer(READY_SECONDS, process.kill)
        alarm.start()
        try:
            for line in process.stdout:
                running.lines.append(line.rstrip("\n"))
                if line.rstrip("\n").endswith(ready):
                    break
            else:
                log.seek(0)
                pytest.fail(f"{arguments} ended: {log.read()[-2000:]}")
            alarm.cancel()
            yield running
        finally:
            alarm.cancel()
            process.kill()
            process.wait()
