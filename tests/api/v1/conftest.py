"""What the tests of v1 begin with."""

from typing import Any

import httpx
import pytest_asyncio
from tests.api import campaigning
from tests.api.conftest import Link


@pytest_asyncio.fixture
async def account(link: Link) -> dict[str, Any]:
    """A linked account."""
    return await link("ana")


@pytest_asyncio.fixture
async def campaign(client: httpx.AsyncClient, account: dict[str, Any]) -> dict[str, Any]:
    """A draft."""
    return await campaigning.create(client, account)
