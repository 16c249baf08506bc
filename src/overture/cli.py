"""The commands. Each loads its own part when it runs, so that `--help` need not wait for all of them."""
# ruff: noqa: PLC0415 - that is why the functions here import

import asyncio
import json
import math
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from overture import logs
from overture.errors import ApiError, StartError
from overture.settings import Settings

_LAST_PORT = 65_535


class _Commands(TyperGroup):
    """Turns what keeps a command from working into plain words and exit code 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            message = _plain_words(error)
            if message is None:
                raise
            typer.echo(message, err=True)
            raise typer.Exit(2) from error


app = typer.Typer(
    cls=_Commands,
    help="Self-hosted engine for direct-message outreach campaigns.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
token = typer.Typer(help="Access tokens of the API.", no_args_is_help=True)
app.add_typer(token, name="token")


def _instant(text: str) -> datetime:
    with suppress(ValueError):
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant
    raise typer.BadParameter("Use an instant with its time zone, as in 2026-01-05T09:00:00Z.")


def _speed(text: str) -> float:
    with suppress(ValueError):
        speed = math.inf if text == "max" else float(text)
        if speed > 0:
            return speed
    raise typer.BadParameter("Use a number above 0, or max.")


Data = Annotated[
    Path | None,
    typer.Option(help="The data directory; without it OVERTURE_DATA, else ./data.", show_default=False),
]
Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.", min=0, max=_LAST_PORT)]
People = Annotated[int, typer.Option(help="How many people the sandbox has.", min=1)]
Seed = Annotated[int, typer.Option(help="The seed the sandbox's people are drawn from.")]
Team = Annotated[
    str | None, typer.Option(help="The id of the team; needed where there are several.", show_default=False)
]


@app.command()
def up(
    host: Host = "127.0.0.1",
    port: Port = 8080,
    data: Data = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Serve the sandbox platform on the next port, with its accounts linked.")
    ] = False,
    people: People = 5_000,
    seed: Seed = 1,
    start: Annotated[
        datetime | None,
        typer.Option(
            help="Run in virtual time from this instant; a restart goes on from the instant reached.",
            parser=_instant,
            metavar="INSTANT",
            show_default=False,
        ),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(
            help="Run in virtual time, N times as fast as real time; max has no ceiling.",
            parser=_speed,
            metavar="N|max",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run everything in one process: database, API, engine."""
    if sandbox and port == _LAST_PORT:
        raise typer.BadParameter("The sandbox takes the next port, and there is none: use a lower one.")
    settings = _settings(data)
    from overture import processes, sandbox_server
    from overture import up as whole

    virtual_time = None
    if start is not None or speed is not None:
        ceiling = 1.0 if speed is None else speed
        virtual_time = whole.VirtualTime(start=start, speed=None if math.isinf(ceiling) else ceiling)
    options = whole.Options(
        host=host,
        port=port,
        crowd=sandbox_server.Crowd(people=people, seed=seed) if sandbox else None,
        virtual_time=virtual_time,
    )
    processes.run(whole.run(settings, options, _say))


@app.command()
def api(host: Host = "127.0.0.1", port: Port = 8080) -> None:
    """Serve the API alone, over the database that OVERTURE_DATABASE_URL names."""
    settings = _settings(None)
    from overture import apart, processes

    processes.run(apart.serve(settings, host=host, port=port, say=_say))


@app.command()
def openapi(
    v1: Annotated[bool, typer.Option("--v1", help="That of /api/v1 instead of /api/v2.")] = False,
) -> None:
    """Print the OpenAPI document, which clients can be generated from."""
    from overture.api import app as api

    typer.echo(json.dumps(api.document_of_v1() if v1 else api.document(), indent=1, ensure_ascii=False))


@app.command()
def worker() -> None:
    """Run the engine alone, over the database that OVERTURE_DATABASE_URL names."""
    settings = _settings(None)
    from overture import apart, processes

    processes.run(apart.work(settings, say=_say))


@app.command()
def sandbox(
    host: Host = "127.0.0.1",
    port: Port = 8081,
    people: People = 5_000,
    seed: Seed = 1,
    record: Annotated[
        Path | None,
        typer.Option(help="Write every accepted message to this file.", show_default=False, dir_okay=False),
    ] = None,
) -> None:
    """Serve the sandbox platform alone: an X to try things out on."""
    _settings(None)
    from overture import processes, sandbox_server

    crowd = sandbox_server.Crowd(people=people, seed=seed)
    processes.run(sandbox_server.run(host=host, port=port, crowd=crowd, record=record, say=_say))


@app.command()
def demo(
    leads: Annotated[int, typer.Option(help="How many leads the campaign has.", min=1)] = 1_000,
    people: People = 5_000,
    seed: Seed = 7,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the API open at the end, until Ctrl-C.")] = False,
    port: Annotated[
        int | None, typer.Option(help="The port of the API.", min=1, max=_LAST_PORT - 1, show_default="a free one")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="An empty directory that keeps the data.", show_default="none is kept")
    ] = None,
) -> None:
    """Run a whole campaign on the sandbox, in virtual time, and show the proof that it kept its promises."""
    from overture.demo import command

    chosen = command.Options(leads=leads, people=people, seed=seed, keep=keep, port=port, data=data)
    raise typer.Exit(command.run(chosen))


@app.command()
def migrate(data: Data = None) -> None:
    """Bring the database's schema up to date. An external database is migrated by nothing else."""
    settings = _settings(data)
    from overture import operation

    asyncio.run(operation.migrate(settings, say=_say))


@app.command("rotate-key")
def rotate_key(data: Data = None) -> None:
    """Seal everything under the newest key of OVERTURE_SECRET_KEY, or under a new one of the key file."""
    settings = _settings(data)
    from overture import rotation

    asyncio.run(rotation.rotate(settings, say=_say))


@app.command()
def doctor(
    data: Data = None,
    x: Annotated[
        bool, typer.Option("--x", help="Ask X as well, with the team's keys: a few look-ups, which X bills.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --x: send the message it offers without asking first.")
    ] = False,
    team: Team = None,
) -> None:
    """Look for what is wrong, and say what to do; exit code 1 if there is anything.

    With --x also: whether X takes the app, what accounts have granted, limits, credit, the webhook, and, if you agree,
    a message between two of the team's own accounts.
    """
    if (yes or team is not None) and not x:
        raise typer.BadParameter("--yes and --team belong to --x.")
    settings = _settings(data)
    from overture.doctor import examine as every

    def ask(question: str) -> bool:
        return yes or (sys.stdin.isatty() and typer.confirm(question))

    async def examine() -> int:
        problems = 0
        async for finding in every.examine(settings, asks_x=x, team_id=team, ask=ask):
            problems += finding.is_problem
            _say(f"{'PROBLEM' if finding.is_problem else 'ok':<8} {finding.place}: {finding.text}")
        return problems

    problems = asyncio.run(examine())
    found = "1 problem" if problems == 1 else f"{problems} problems"
    _say(f"{found} found." if problems else "All is well.")
    raise typer.Exit(1 if problems else 0)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; the file must not exist.", dir_okay=False)],
    data: Data = None,
) -> None:
    """Write everything the database holds to one file, while everything goes on."""
    settings = _settings(data)
    from overture import backup as backups

    asyncio.run(backups.back_up(settings, file=file, say=_say))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `overture backup` wrote.", dir_okay=False)],
    stopped: Annotated[
        bool, typer.Option("--stopped", help="Leave all sending stopped until a person resumes it.")
    ] = False,
    data: Data = None,
) -> None:
    """Restore a backup into an empty database; sending goes on once it is known what was sent since."""
    settings = _settings(data)
    from overture import backup as backups

    asyncio.run(backups.restore(settings, file=file, stopped=stopped, say=_say))


@app.command()
def status(
    team: Annotated[
        str | None, typer.Option(help="The id of one team to show alone.", show_default="those furthest behind")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: Data = None,
) -> None:
    """Show what runs, what waits for what, and how far behind; changes nothing."""
    settings = _settings(data)
    from overture import overview

    found = asyncio.run(overview.take(settings, team_id=team))
    if team is not None and not found.teams:
        raise StartError(f"There is no team {team!r}. Leave --team out to see them.")
    if json_:
        _say(json.dumps(found.as_json(), indent=1, ensure_ascii=False))
        return
    for line in overview.lines(found):
        _say(line)


@app.command()
def bench(
    part: Annotated[
        str,
        typer.Argument(
            help="drain (the send path), teams (many small ones), plan, rehearsal, sync, read (the API), threads "
            "(conversations), import, start, pause, orphans (a worker died), workers (a second one), scale "
            "(very many leads), webhooks, or all.",
            metavar="[drain|teams|plan|rehearsal|sync|read|threads|import|start|pause|orphans|workers|scale|webhooks|all]",
        ),
    ] = "all",
    accounts: Annotated[
        int | None,
        typer.Option(
            help="How many accounts send.",
            min=1,
            show_default="drain and scale 10 000, pause and workers 2 000, orphans 100; with --quick mostly a tenth",
        ),
    ] = None,
    leads: Annotated[
        int | None,
        typer.Option(
            help="How many leads.",
            min=1,
            show_default="start 10 000, drain, rehearsal and sync 100 000, plan, read and import 1 000 000, scale "
            "5 000 000; with --quick a tenth",
        ),
    ] = None,
    teams: Annotated[
        int | None,
        typer.Option(
            help="Drain so many teams: with drain each has these accounts and leads, with teams one account.",
            min=1,
            show_default="drain 1, teams 10 000; with --quick 1 000",
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Measure on a tenth of the size.")] = False,
) -> None:
    """Measure the engine and the API against the same database without them; prints ratios, judges nothing."""
    from overture.bench import command

    if part not in list(command.Part):
        raise typer.BadParameter(f"Use one of {', '.join(command.Part)}.")
    logs.configure("WARNING", json=not sys.stderr.isatty())
    chosen = command.Options(part=command.Part(part), accounts=accounts, leads=leads, teams=teams, quick=quick)
    raise typer.Exit(command.run(chosen))


@app.command()
def password(
    member: Annotated[
        str | None,
        typer.Option(help="Id or address of the member.", show_default="the first owner of the team"),
    ] = None,
    team: Team = None,
    data: Data = None,
) -> None:
    """Print a one-time address at which a member chooses a password to sign in to the page with."""
    settings = _settings(data)
    from overture import operation

    asyncio.run(operation.invite(settings, team_id=team, member=member, say=_say))


@token.command()
def create(
    name: Annotated[str, typer.Option(help="What the token is for.")] = "Command line",
    team: Team = None,
    data: Data = None,
) -> None:
    """Make a token and print it, this once; the first one makes the first team too."""
    settings = _settings(data)
    from overture import operation

    asyncio.run(operation.create_token(settings, team_id=team, name=name, say=_say))


@token.command("list")
def list_tokens(team: Team = None, data: Data = None) -> None:
    """List the tokens, without their secrets."""
    settings = _settings(data)
    from overture import operation

    asyncio.run(operation.list_tokens(settings, team_id=team, say=_say))


@token.command()
def revoke(
    token_id: Annotated[str, typer.Argument(help="The id of the token, as `overture token list` shows it.")],
    data: Data = None,
) -> None:
    """Make a token open nothing from now on."""
    settings = _settings(data)
    from overture import operation

    asyncio.run(operation.revoke_token(settings, token_id=token_id, say=_say))


def _settings(data: Path | None) -> Settings:
    settings = Settings.load(data=data)
    logs.configure(settings.log_level, json=not sys.stderr.isatty())
    return settings


def _say(line: str) -> None:
    # Whoever reads may have gone; the work goes on.
    with suppress(BrokenPipeError):
        typer.echo(line)


def _plain_words(error: Exception) -> str | None:
    """Return what to tell the operator; None for what is no fault of theirs."""
    import asyncpg

    from overture.secrets import KeyUnusable
    from overture.store.dumps import DumpFailed
    from overture.store.migrate import MigrationError
    from overture.store.pool import DatabaseUnreachable
    from overture.store.server_user import EmbeddedError

    if isinstance(error, ApiError):
        return error.message
    if isinstance(error, StartError | EmbeddedError | DatabaseUnreachable | MigrationError | DumpFailed | KeyUnusable):
        return str(error)
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return f"The database's role may not do this: {error}. Use one that owns the database."
    if isinstance(error, PermissionError):
        return f"This user may not use {error.filename}. Use another file or directory, or another user."
    return None
