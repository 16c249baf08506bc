"""A stranger's judgement: schemathesis reads the documents and holds a live server to them."""

import asyncio
import functools
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from tests.api import sweep
from tests.api.conftest import Link, Tenant
from tests.api.sweep import World

from overture import serving
from overture.actions.context import Context

ROOT = Path(__file__).parents[2]

# Every check is on. What fits the schema may still be refused for what a schema cannot say: ids that nothing has, hours
# that end before they begin, a cursor of elsewhere. Those are documented answers, and other checks see to their form.
CONFIG = """
seed = 1
[generation]
database = "none"
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "400", "403", "404", "409", "422"]
"""
# Their last word may as well be somebody's username or id, or a name, for which the address takes other methods too.
AMBIGUOUS = """
[[operations]]
include-path-regex = "/leads/(cancel|restore|release)$|/suppressions/import$|/(statuses|tags)/order$"
checks.allow_header_conformance.enabled = false
"""
# Whoever guesses a password is told that it is wrong, and soon that it is enough.
GUESSED = """
[[operations]]
include-path-regex = "/session(/invitation|/password)?$"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "422", "429"]
"""
# A call sent again with its key gets its first answer, though what it made may be gone since.
CHAINED = 'hooks = "tests.api.schemathesis_hooks"\n'


@pytest.mark.parametrize(("face", "seconds"), [("v2", 28), ("v1", 9)])
async def test_each_operation_does_what_its_document_says(
    application: FastAPI,
    context: Context,
    client: httpx.AsyncClient,
    link: Link,
    team: Tenant,
    tmp_path: Path,
    face: str,
    seconds: int,
) -> None:
    known = _known(await sweep.furnish(context, client, await link("ana")))
    judge = functools.partial(
        _judge, application, team, tmp_path, face=face, config=CONFIG + AMBIGUOUS + GUESSED + known
    )
    each = ("--phases", "examples,coverage,fuzzing")
    # What deletes comes last: it finds the ids that others live on.
    await judge(*each, "--exclude-method", "DELETE", most=seconds * 4 // 5)
    await judge(*each, "--include-method", "DELETE", most=seconds // 5)


async def test_operations_follow_each_other_as_the_document_says(
    application: FastAPI, context: Context, client: httpx.AsyncClient, link: Link, team: Tenant, tmp_path: Path
) -> None:
    """What one call makes, the next reads, changes and deletes; then it is gone."""
    await sweep.furnish(context, client, await link("ana"))
    await _judge(
        application, team, tmp_path, "--phases", "stateful", face="v2", config=CHAINED + CONFIG + GUESSED, most=10
    )


async def _judge(
    application: FastAPI, team: Tenant, directory: Path, *options: str, face: str, config: str, most: int
) -> None:
    path = directory / "schemathesis.toml"
    path.write_text(config)
    with serving.listen("127.0.0.1", 0) as listening:
        async with serving.served(application, listening):
            judge = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(path), "run"),
                f"{serving.url(listening)}/api/{face}/openapi.json",
                *("--header", f"Authorization: Bearer {team.token}"),
                *("--max-time", str(most)),
                *options,
                cwd=directory,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said, _ = await judge.communicate()
    assert judge.returncode == 0, said.decode()


def _known(world: World) -> str:
    """Name ids that exist, so that calls get further than to what is not there."""
    campaigns = world.ids | {"column_id": world.ids["campaign_column_id"]}
    return "\n".join(
        (
            _parameters('include-path-regex = "/lists"', world.ids),
            _parameters('include-path-regex = "/campaigns"', campaigns),
            _parameters('exclude-path-regex = "/(lists|campaigns)"', world.ids),
        )
    )


def _parameters(where: str, ids: Mapping[str, str]) -> str:
    lines = ["[[operations]]", where, "[operations.parameters]"]
    lines += [f'"path.{name}" = {json.dumps(value)}' for name, value in ids.items()]
    return "\n".join(lines)
