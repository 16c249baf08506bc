"""A stranger's judgement: schemathesis reads the document and holds a live server to it."""

import asyncio
import json
import sys
from pathlib import Path

import httpx
from fastapi import FastAPI
from tests.api import sweep
from tests.api.conftest import Link, Tenant
from tests.api.sweep import World

from overture import serving
from overture.actions.context import Context

SECONDS = 40

# Every check is on. What fits the schema may still be refused for what a schema cannot say: ids that nothing has, hours
# that end before they begin, a cursor of elsewhere. Those are documented answers, and other checks see to their form.
CONFIG = """
seed = 1
[generation]
database = "none"
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "400", "403", "404", "409", "422"]
"""


async def test_the_server_does_what_its_document_says(
    application: FastAPI, context: Context, client: httpx.AsyncClient, link: Link, team: Tenant, tmp_path: Path
) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG + _known(await sweep.furnish(context, client, await link("ana"))))
    with serving.listen("127.0.0.1", 0) as listening:
        async with serving.served(application, listening):
            judge = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
                f"{serving.url(listening)}/api/v2/openapi.json",
                *("--header", f"Authorization: Bearer {team.token}"),
                *("--phases", "examples,coverage,fuzzing", "--max-time", str(SECONDS)),
                cwd=tmp_path,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said, _ = await judge.communicate()
    assert judge.returncode == 0, said.decode()


def _known(world: World) -> str:
    """Name ids that exist, so that calls get further than to what is not there."""
    lines = []
    for place, name in (("/lists", "column_id"), ("/campaigns", "campaign_column_id")):
        lines += ["[[operations]]", f'include-path-regex = "{place}"', "[operations.parameters]"]
        ids = world.ids | {"column_id": world.ids[name]}
        lines += [f'"path.{parameter}" = {json.dumps(value)}' for parameter, value in ids.items()]
    lines += ["[[operations]]", 'exclude-path-regex = "/(lists|campaigns)"', "[operations.parameters]"]
    lines += [f'"path.{parameter}" = {json.dumps(value)}' for parameter, value in world.ids.items()]
    return "\n".join(lines)
