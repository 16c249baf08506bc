"""The embedded PostgreSQL: made, started, adopted and stopped by this program itself.

The directory given holds everything: `postgres/` (the data), `socket/` (closed to other users),
`postgres.log` and `postgres.lock`. The server listens on its socket alone, never on the network. It outlives
a program that is killed; the next start finds it by connecting and takes it over.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from overture.store import binaries, server_user
from overture.store.binaries import Binaries
from overture.store.server_user import DirectoryUnusable, EmbeddedError, ServerUser

__all__ = ["DirectoryInUse", "DirectoryUnusable", "Embedded", "EmbeddedError", "StartFailed"]

ROLE = "overture"
DATABASE = "overture"
START_LIMIT_SECONDS = 300
ORPHAN_PATIENCE_SECONDS = 5
_PORT = "5432"
_SOCKET_NAME = f".s.PGSQL.{_PORT}"
# sun_path holds 108 bytes with its closing NUL, on macOS 104.
_SOCKET_PATH_LIMIT = 103
# The exit codes of pg_isready.
_READY, _BUSY, _ABSENT = 0, 1, 2

_CONFIGURATION = """\
# Written by Overture at every start; changes made here are lost. Your own settings go into postgresql.conf.
listen_addresses = ''
port = 5432
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 256MB
max_wal_size = 2GB
checkpoint_completion_target = 0.9
fsync = on
synchronous_commit = on
full_page_writes = on
autovacuum = on
autovacuum_naptime = 15s
autovacuum_vacuum_scale_factor = 0.01
autovacuum_vacuum_cost_delay = 0
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
# Only the server's own life is logged: failed statements reach the program, and may hold people's data.
log_min_messages = log
log_checkpoints = off
log_connections = off
"""


class DirectoryInUse(EmbeddedError):
    """Another process holds the directory of the embedded database."""


class StartFailed(EmbeddedError):
    """PostgreSQL did not start; the text holds the end of its log."""


class Embedded:
    """One embedded PostgreSQL server in one directory.

    All functions block; call them through `asyncio.to_thread`. When the caller is root, the server runs as
    the owner of existing data, else as the user `overture` if there is one, else as `nobody`.
    """

    def __init__(self, directory: Path) -> None:
        """Name the directory, which need not exist; nothing is touched before `start`."""
        self._directory = directory.expanduser().absolute()
        self._data = self._directory / "postgres"
        self._log = self._directory / "postgres.log"
        self._pid_file = self._data / "postmaster.pid"
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def dsn(self) -> str:
        """The address of the database, as asyncpg takes it."""
        return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(self._socket_directory()))}&port={_PORT}"

    def start(self) -> str:
        """Make the database if there is none, start its server or adopt a running one; return its address.

        Raises:
            DirectoryInUse: another process has started this directory and is still alive.
            DirectoryUnusable: the server cannot work in this directory.
            BinariesMissing: there are no PostgreSQL programs that fit.
            StartFailed: the server did not start.
        """
        if self._lock is not None:
            return self.dsn
        try:
            self._make_directory()
            self._lock = self._take_lock()
            try:
                self._bring_up()
            except BaseException:
                self._release_lock()
                raise
        except OSError as error:
            raise self._unusable(error) from error
        return self.dsn

    def stop(self) -> None:
        """Stop the server and let the directory go. Does nothing when this object did not start or adopt it.

        Raises:
            EmbeddedError: the server did not stop in time; it may still be running.
        """
        if self._lock is None:
            return
        try:
            self._shut_down(self._programs())
        finally:
            self._release_lock()

    def revive(self) -> bool:
        """Start the server again if it is gone although this object has started it; tell whether it was.

        Raises:
            EmbeddedError: it does not start, as while its disk is full.
        """
        if self._lock is None or self._is_alive():
            return False
        self._bring_up()
        return True

    def _is_alive(self) -> bool:
        """Tell whether the server's first process is there; that costs nothing, unlike connecting."""
        try:
            number = int(self._pid_file.read_text(encoding="ascii").split()[0])
            os.kill(number, 0)
        except (OSError, ValueError, IndexError) as error:
            return isinstance(error, PermissionError)
        status = Path(f"/proc/{number}/stat")
        # One that has ended and that nobody has asked after still has its number.
        return not status.exists() or not status.read_text(encoding="ascii", errors="replace").rpartition(")")[
            2
        ].lstrip().startswith("Z")

    def detach(self) -> None:
        """Let the directory go and leave the server running; the next start adopts it."""
        self._release_lock()

    def running(self) -> str | None:
        """Return the address if a server answers in this directory, whoever started it; take nothing over.

        Raises:
            EmbeddedError: the directory cannot be looked into, or no programs fit.
        """
        try:
            if not self._pid_file.exists():
                return None
            return self.dsn if self._probe(self._programs()) == _READY else None
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> DirectoryUnusable:
        advice = "Choose another data directory."
        if isinstance(error, PermissionError):
            advice = "If it is another user's, run Overture as that user; else choose another data directory."
        return DirectoryUnusable(f"The data directory {self._directory} cannot be used: {error}. {advice}")

    def _bring_up(self) -> None:
        user = self._user()
        user.check_may_enter(self._directory)
        programs = self._programs()
        if not self._data.exists():
            self._initialise(programs)
        changed = self._write_configuration()
        adopted = self._adopt(programs)
        if adopted and changed:
            self._shut_down(programs)
        if changed or not adopted:
            user.make_private(self._socket_directory())
            self._launch(programs)
        try:
            self._make_database(programs)
        except BaseException:
            self._shut_down(programs)
            raise

    def _make_directory(self) -> None:
        """Make the directory and its missing parents; existing ones keep their permissions."""
        # The server's user must be able to pass through what root makes.
        mode = 0o711 if os.geteuid() == 0 else 0o700
        missing = [path for path in (self._directory, *self._directory.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            path.chmod(mode)

    def _take_lock(self) -> int:
        path = self._directory / "postgres.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace").strip()
            os.close(descriptor)
            raise DirectoryInUse(
                f"The data directory {self._directory} is in use by another Overture process"
                f"{f' ({holder})' if holder else ''}. Stop that one, or choose another data directory."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return descriptor

    def _release_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _initialise(self, programs: Binaries) -> None:
        """Make the database beside its place and move it there whole: a kill leaves no half-made data."""
        fresh = self._directory / "postgres.new"
        refusal = ""
        for locale in _locales(programs.major):
            if fresh.exists():
                shutil.rmtree(fresh)
            self._user().make_private(fresh)
            options = [f"--username={ROLE}", "--encoding=UTF8", "--auth-local=trust", "--auth-host=reject"]
            options += ["--data-checksums", "--no-instructions", *locale]
            answer = self._run(programs, "initdb", ["-D", fresh.name, *options])
            if answer.returncode == 0:
                fresh.rename(self._data)
                return
            refusal = answer.stderr.strip() or answer.stdout.strip()
        raise StartFailed(f"The embedded database could not be made in {self._directory}: {refusal}")

    def _write_configuration(self) -> bool:
        """Write our settings and include them; tell whether a running server does not know them yet."""
        socket = _quote_list_item(self._socket_directory())
        settings = f"{_CONFIGURATION}unix_socket_directories = '{socket}'\n"
        ours, main = self._data / "overture.conf", self._data / "postgresql.conf"
        include = "include 'overture.conf'"
        present = main.read_text(encoding="utf-8")
        if include not in present.splitlines():
            # initdb's own choices come before ours; what the operator appends comes after and wins.
            self._replace(main, f"{present}\n{include}\n")
        if ours.exists() and ours.read_text(encoding="utf-8") == settings:
            return False
        self._replace(ours, settings)
        return True

    def _replace(self, path: Path, text: str) -> None:
        draft = path.with_name(f"{path.name}.new")
        draft.write_text(text, encoding="utf-8")
        draft.chmod(0o600)
        self._user().own(draft)
        draft.replace(path)

    def _adopt(self, programs: Binaries) -> bool:
        """Settle what an earlier run left: True when its server answers, False when nothing of it is left.

        Raises:
            StartFailed: its server is there but takes no connections for too long.
        """
        began = time.monotonic()
        while True:
            waited = time.monotonic() - began
            answer = self._probe(programs)
            if answer == _READY:
                return True
            if waited > START_LIMIT_SECONDS:
                raise StartFailed(f"PostgreSQL in {self._directory} runs but takes no connections. {self._log_end()}")
            if answer != _BUSY and not self._clear_remains(patient=waited < ORPHAN_PATIENCE_SECONDS):
                return False
            time.sleep(0.05)

    def _clear_remains(self, *, patient: bool) -> bool:
        """Deal with a server that does not answer; tell whether something of it is still to be waited for."""
        processes = self._server_processes()
        if processes is None:
            return False
        if not processes:
            # Nobody works on the data: what these files name is gone, or its number is another's by now.
            for stale in (self._pid_file, *self._socket_directory().glob(f"{_SOCKET_NAME}*")):
                stale.unlink(missing_ok=True)
            return False
        if not patient:
            # Children of a server that was killed, or one whose socket is gone; its log makes this safe.
            for process in processes:
                os.kill(process, signal.SIGQUIT)
        return True

    def _server_processes(self) -> list[int] | None:
        """List the processes that work in the data directory; None where the system does not tell.

        Asked as the server's user: root in a container may not look into the processes of others.
        """
        if not Path("/proc/self/cwd").exists():
            return None
        script = 'for p in /proc/[0-9]*; do [ "$p/cwd" -ef "$1" ] && echo "${p#/proc/}"; done; exit 0'
        answer = self._user().run(["/bin/sh", "-c", script, "sh", str(self._data)], cwd=Path("/"))
        return [int(process) for process in answer.stdout.split()]

    def _launch(self, programs: Binaries) -> None:
        self._log.touch(mode=0o600)
        self._user().own(self._log)
        options = ["-D", self._data.name, "-l", self._log.name, "-w", "-t", str(START_LIMIT_SECONDS), "-s"]
        if self._run(programs, "pg_ctl", [*options, "start"]).returncode != 0:
            raise StartFailed(f"PostgreSQL did not start in {self._directory}. {self._log_end()}")

    def _log_end(self) -> str:
        lines: list[str] = []
        if self._log.exists():
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return f"The end of its log ({self._log}):\n" + "\n".join(lines[-8:])

    def _make_database(self, programs: Binaries) -> None:
        known = self._query(programs, f"SELECT count(*) FROM pg_database WHERE datname = '{DATABASE}'")
        if known == "0":
            self._query(programs, f"CREATE DATABASE {DATABASE}")

    def _query(self, programs: Binaries, statement: str) -> str:
        answer = self._run(programs, "psql", [*self._address(), "--no-psqlrc", "-qtA", "-c", statement])
        if answer.returncode != 0:
            raise StartFailed(f"PostgreSQL in {self._directory} refused a statement: {answer.stderr.strip()}")
        return answer.stdout.strip()

    def _shut_down(self, programs: Binaries) -> None:
        options = ["-D", self._data.name, "-w", "-t", str(START_LIMIT_SECONDS), "-m", "fast", "-s", "stop"]
        answer = self._run(programs, "pg_ctl", options)
        if answer.returncode != 0 and self._probe(programs) != _ABSENT:
            raise EmbeddedError(f"PostgreSQL in {self._directory} did not stop: {answer.stderr.strip()}")
        socket = self._socket_directory()
        if socket.parent != self._directory:
            with contextlib.suppress(OSError):
                socket.rmdir()

    def _probe(self, programs: Binaries) -> int:
        return self._run(programs, "pg_isready", [*self._address(), "-t", "3", "-q"]).returncode

    def _address(self) -> list[str]:
        return ["-h", str(self._socket_directory()), "-p", _PORT, "-U", ROLE, "-d", "postgres"]

    def _run(self, programs: Binaries, program: str, options: list[str]) -> subprocess.CompletedProcess[str]:
        """Run one program inside the directory: relative names keep odd characters out of pg_ctl's shell."""
        return self._user().run([programs.path(program), *options], cwd=self._directory)

    def _user(self) -> ServerUser:
        return server_user.choose(self._data)

    def _programs(self) -> Binaries:
        if not self._data.exists():
            return binaries.find(self._user())
        try:
            major = int((self._data / "PG_VERSION").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError) as error:
            raise DirectoryUnusable(
                f"{self._data} exists but holds no PostgreSQL database (no PG_VERSION). Restore it from a "
                "backup, or move it away to begin with an empty database."
            ) from error
        try:
            return binaries.find(self._user(), major=major)
        except binaries.BinariesMissing as error:
            raise binaries.BinariesMissing(
                f"The database in {self._directory} was made by PostgreSQL {major}; other major versions "
                f"cannot read it. {error} To move to another version, dump the database with the old "
                "programs (pg_dump) and load it into a new data directory."
            ) from error

    def _socket_directory(self) -> Path:
        beside = self._directory / "socket"
        # A comma would make two hosts of the path.
        if len(os.fsencode(beside / _SOCKET_NAME)) <= _SOCKET_PATH_LIMIT and "," not in str(beside):
            return beside
        digest = hashlib.sha256(os.fsencode(self._directory)).hexdigest()[:16]
        # Not tempfile.gettempdir(): every process must find the same place, whatever its TMPDIR says.
        return Path(f"/tmp/overture-{digest}")  # noqa: S108 - make_private refuses what is not our user's


def _locales(major: int) -> list[list[str]]:
    """Return the locale options of initdb, best first: text has one order on every machine."""
    if major >= 17:
        return [["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]]
    return [["--locale=C.UTF-8"], ["--locale=C"]]


def _quote_list_item(path: Path) -> str:
    """Quote a path as an item of a list inside a quoted setting."""
    return '"' + str(path).replace('"', '""').replace("'", "''") + '"'
