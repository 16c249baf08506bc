"""A platform under test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from tests.sandbox import calls

from overture.sandbox.app import create_app
from overture.sandbox.platform import Platform


@pytest.fixture
def make_app() -> Iterator[Callable[..., Starlette]]:
    """Build small platforms whose clock stands at `calls.START` unless told otherwise."""
    made: list[Starlette] = []

    def make(**options: Any) -> Starlette:
        app = create_app(**{"people": 2_000, "seed": 7, "start": calls.START, **options})
        made.append(app)
        return app

    yield make
    for app in made:
        app.state.platform.close()


@pytest.fixture
def app(make_app: Callable[..., Starlette]) -> Starlette:
    return make_app()


@pytest.fixture
def platform(app: Starlette) -> Platform:
    found: Platform = app.state.platform
    return found


@pytest.fixture
def client(app: Starlette) -> calls.Client:
    """Call the platform as ana."""
    return calls.client_of(app)


@pytest.fixture
def record_path(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.jsonl"
