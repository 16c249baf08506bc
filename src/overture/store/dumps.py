"""Backups as files: a line that says what it is, and behind it the archive that PostgreSQL's own pg_dump writes."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from overture.store.binaries import Binaries

FORMAT = 1
_MARK = b"Overture backup "
_LONGEST_HEADER = 4096
_CHUNK = 1024 * 1024
_NEW_SETTING = b"SET transaction_timeout = 0;\n"
"""A line of pg_dump 17 and later, which older servers do not know."""


class DumpFailed(Exception):
    """A backup cannot be written, read or restored; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What a backup is: which release made it, with which schema, and at which instant of engine time."""

    release: str
    schema: int
    made_at: datetime


def write(programs: Binaries, dsn: str, *, snapshot: str, header: Header, file: Path) -> int:
    """Write what a snapshot of the database shows; return how many bytes. The file is its owner's alone.

    Raises:
        DumpFailed: there is such a file, it cannot be written, or pg_dump refuses.
    """
    draft = file.with_name(f"{file.name}.part")
    if file.exists():
        raise DumpFailed(f"{file} exists already: a backup never overwrites. Name another file.")
    address, environment = _libpq(dsn)
    options = ["--format=custom", f"--snapshot={snapshot}", "--no-owner", "--no-privileges"]
    # Calls counted for the rate limits: they are not kept over a crash either.
    options += ["--no-unlogged-table-data", f"--dbname={address}"]
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            target.write(_first_line(header))
            with _told() as told, _program(programs, "pg_dump", options, environment, told) as dump:
                assert dump.stdout is not None
                shutil.copyfileobj(dump.stdout, target, _CHUNK)
                if dump.wait() != 0:
                    raise DumpFailed(f"The database was not backed up: {_words(told)}")
            target.flush()
            os.fsync(target.fileno())
        draft.rename(file)
    except OSError as error:
        raise DumpFailed(f"{file} cannot be written: {error.strerror}. Choose another place.") from error
    finally:
        draft.unlink(missing_ok=True)
    return file.stat().st_size


def read_header(file: Path) -> Header:
    """Read what a backup is.

    Raises:
        DumpFailed: it cannot be read, or is none.
    """
    try:
        with file.open("rb") as source:
            return _read_header(file, source)
    except OSError as error:
        raise DumpFailed(f"{file} cannot be read: {error.strerror}.") from error


def restore(programs: Binaries, dsn: str, *, file: Path, at_last: str) -> None:
    """Restore a backup into an empty database and run `at_last`, all in one transaction.

    Raises:
        DumpFailed: something refused; the database is as empty as before.
    """
    address, environment = _libpq(dsn)
    writing = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={address}", "--file=-"]
    with (
        _told() as told,
        _program(programs, "psql", writing, environment, told, source=subprocess.PIPE) as database,
    ):
        assert database.stdin is not None
        try:
            database.stdin.write(b"BEGIN;\n")
            _replay(programs, file, database.stdin)
            # Only a backup read to its end gets here: without the last line nothing stays.
            database.stdin.write(f"{at_last}\nCOMMIT;\n".encode())
            database.stdin.close()
        except BrokenPipeError:
            pass  # it has refused something, and says what below
        if database.wait() != 0:
            raise DumpFailed(f"The database refused the backup, and is as empty as before: {_words(told)}")


def _replay(programs: Binaries, file: Path, database: IO[bytes]) -> None:
    """Write the statements of a backup to `database`."""
    reading = ["--file=-", "--no-owner", "--no-privileges", "--exit-on-error"]
    with (
        file.open("rb") as source,
        _told() as told,
        _program(programs, "pg_restore", reading, {}, told, source=subprocess.PIPE) as archive,
    ):
        _read_header(file, source)
        assert archive.stdin is not None
        assert archive.stdout is not None
        feeding = threading.Thread(target=_feed, args=(source, archive.stdin), daemon=True)
        feeding.start()
        head = archive.stdout.read(_CHUNK)
        database.write(head.replace(_NEW_SETTING, b"", 1))
        shutil.copyfileobj(archive.stdout, database, _CHUNK)
        feeding.join()
        if archive.wait() != 0:
            raise DumpFailed(f"{file} is damaged, and nothing of it was restored: {_words(told)}")


def _feed(source: IO[bytes], archive: IO[bytes]) -> None:
    # One that has broken off says why by itself.
    with suppress(BrokenPipeError):
        shutil.copyfileobj(source, archive, _CHUNK)
    with suppress(BrokenPipeError):
        archive.close()


def _first_line(header: Header) -> bytes:
    told = {**asdict(header), "format": FORMAT, "made_at": header.made_at.isoformat()}
    return _MARK + json.dumps(told).encode() + b"\n"


def _read_header(file: Path, source: IO[bytes]) -> Header:
    line = source.readline(_LONGEST_HEADER)
    if not line.startswith(_MARK):
        raise DumpFailed(f"{file} is no backup of Overture. Name a file that `overture backup` wrote.")
    try:
        told = json.loads(line.removeprefix(_MARK))
        if told["format"] > FORMAT:
            raise DumpFailed(f"{file} was written by Overture {told['release']}. Restore it with that release.")
        return Header(
            release=str(told["release"]), schema=int(told["schema"]), made_at=datetime.fromisoformat(told["made_at"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DumpFailed(f"{file} is damaged: its first line cannot be read.") from error


@contextmanager
def _told() -> Iterator[IO[bytes]]:
    """A place for what a program says; a pipe that nobody reads could stop it."""
    with tempfile.TemporaryFile() as told:
        yield told


def _words(told: IO[bytes]) -> str:
    told.seek(0)
    lines = told.read().decode(errors="replace").strip().splitlines()
    return " ".join(lines[:3]) or "it does not say why"


@contextmanager
def _program(
    programs: Binaries,
    name: str,
    options: list[str],
    environment: dict[str, str],
    told: IO[bytes],
    *,
    source: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program; at the end it is gone, whatever happened.

    Raises:
        DumpFailed: it is missing.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    try:
        process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own programs with our own arguments
            [programs.path(name), *options],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=told,
            env=kept | environment,
        )
    except OSError as error:
        raise DumpFailed(
            f"The program {name} of PostgreSQL is missing: {error}. Install its client programs."
        ) from error
    with process:
        try:
            yield process
        finally:
            process.kill()
            if process.stdin is not None:
                with suppress(BrokenPipeError):
                    process.stdin.close()


def _libpq(dsn: str) -> tuple[str, dict[str, str]]:
    """Return a database's address without its password, which others could see, and the environment that holds it."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    password = query.pop("password", None) or (unquote(parts.password) if parts.password is not None else None)
    place = parts.netloc.rpartition("@")[2]
    user = f"{parts.username}@" if parts.username is not None else ""
    address = urlunsplit(parts._replace(netloc=user + place, query=urlencode(query)))
    return address, {} if password is None else {"PGPASSWORD": password}
