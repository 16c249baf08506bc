"""The operating-system user under which the embedded PostgreSQL runs: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

UNPRIVILEGED = ("overture", "nobody")


class EmbeddedError(Exception):
    """The embedded database cannot be used; the text says why and what to do."""


class DirectoryUnusable(EmbeddedError):
    """The directory cannot serve: closed to its user, another user's, damaged, or not a database."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerUser:
    """A user PostgreSQL can run as: the caller, or an unprivileged one when the caller is root."""

    name: str
    uid: int
    gid: int

    @property
    def is_caller(self) -> bool:
        """Tell whether programs run as this user without a change of user."""
        return self.uid == os.geteuid()

    def run(self, command: list[str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run one program to its end as this user, with a reduced environment.

        Raises:
            OSError: the program cannot be run at all.
        """
        return subprocess.run(  # noqa: S603 - fixed programs with our own arguments
            command,
            cwd=cwd,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            user=None if self.is_caller else self.uid,
            group=None if self.is_caller else self.gid,
            extra_groups=None if self.is_caller else [],
            umask=0o077,
        )

    def own(self, path: Path) -> None:
        """Make `path` this user's own."""
        if not self.is_caller:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def make_private(self, path: Path) -> None:
        """Make a directory of this user's, closed to others.

        Raises:
            DirectoryUnusable: somebody else has put something there.
        """
        try:
            path.mkdir(mode=0o700)
            self.own(path)
        except FileExistsError:
            pass
        status = path.lstat()
        if path.is_symlink() or not path.is_dir() or status.st_uid not in {self.uid, os.geteuid()}:
            raise DirectoryUnusable(
                f"{path} is not a directory of the user {self.name}, who runs PostgreSQL. Remove it and start again."
            )
        self.own(path)
        path.chmod(0o700)

    def check_may_enter(self, directory: Path) -> None:
        """Check that this user can pass through to `directory`; permissions are left as they are.

        Raises:
            DirectoryUnusable: a folder on the way is closed; the text names it.
        """
        if self.is_caller or self._may_enter(directory):
            return
        way = (*reversed(directory.parents), directory)
        closed = next(path for path in way if not self._may_enter(path))
        raise DirectoryUnusable(
            f"PostgreSQL does not run as root; it would run as the user {self.name}, who cannot enter "
            f"{closed}. Choose a data directory outside that folder (such as /var/lib/overture), or start "
            f"Overture as a plain user, or let others pass through the folder: chmod o+x {closed}"
        )

    def _may_enter(self, path: Path) -> bool:
        return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(path)], cwd=Path("/")).returncode == 0


def choose(data: Path) -> ServerUser:
    """Choose the user for the data directory `data`, which may not exist yet.

    That is the caller; for root it is the owner of the data, else the first of `UNPRIVILEGED` that exists.

    Raises:
        DirectoryUnusable: the caller is root and the machine has no user to run the server as.
    """
    if os.geteuid() != 0:
        return _by_uid(os.geteuid(), os.getegid())
    if data.exists():
        status = data.stat()
        if status.st_uid != 0:
            return _by_uid(status.st_uid, status.st_gid)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise DirectoryUnusable(
        "PostgreSQL does not run as root, and this machine has no user to run it as. Make one "
        "(useradd --system overture), or start Overture as a plain user."
    )


def _by_uid(uid: int, gid: int) -> ServerUser:
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return ServerUser(name=name, uid=uid, gid=gid)


def _environment() -> dict[str, str]:
    """Return what passes of the caller's environment: the search paths alone.

    `PG*` would change where programs connect, and the server's environment can be read by its own user, so
    it must hold no secret.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LC_ALL": "C", "LANG": "C", "TZ": "UTC"}
