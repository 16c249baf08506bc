"""What has been kept long enough is deleted, in bounded batches; what counts stays."""

from datetime import UTC, datetime, timedelta

import pytest

from overture import ids
from overture.engine import retain
from overture.store import members, outbox, retention, teams, tokens
from overture.store.pool import Pool

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


async def a_team(pool: Pool) -> str:
    team_id = ids.new("t")
    async with pool.acquire() as connection, connection.transaction():
        await teams.create(connection, team_id=team_id, name="Team", owner_name="Owner", now=NOW)
    return team_id


async def happened(pool: Pool, team_id: str, at: datetime, count: int = 1) -> None:
    new = outbox.NewEvent(type="campaign.created", object_type="campaign", object_id=ids.new("c"), data={})
    async with pool.acquire() as connection, connection.transaction():
        await outbox.append(connection, team_id=team_id, now=at, events=[new] * count)


async def numbers(pool: Pool, team_id: str) -> list[int]:
    rows = await pool.fetch("SELECT seq FROM event WHERE team_id = $1 ORDER BY seq", team_id)
    return [row["seq"] for row in rows]


async def test_events_older_than_thirty_days_go_and_numbers_go_on(database: Pool) -> None:
    one, other = await a_team(database), await a_team(database)
    await happened(database, one, NOW - timedelta(days=31), count=3)
    await happened(database, one, NOW - timedelta(days=29))
    await happened(database, other, NOW - timedelta(days=30, seconds=1))
    await happened(database, other, NOW - timedelta(days=30))
    await retain.step(database, now=NOW, wall_now=NOW)
    assert (await numbers(database, one), await numbers(database, other)) == ([4], [2])
    await happened(database, one, NOW)
    assert await numbers(database, one) == [4, 5]


async def test_a_backlog_goes_batch_by_batch(database: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    team_id = await a_team(database)
    await happened(database, team_id, NOW - timedelta(days=40), count=25)
    async with database.acquire() as connection:
        assert await retention.prune_events(connection, before=NOW, teams=10, count=10) == 10
    assert len(await numbers(database, team_id)) == 15
    monkeypatch.setattr(retain, "BATCH", 4)
    await retain.step(database, now=NOW, wall_now=NOW)
    assert await numbers(database, team_id) == []


async def test_what_another_worker_prunes_is_left_to_it(database: Pool) -> None:
    team_id = await a_team(database)
    await happened(database, team_id, NOW - timedelta(days=40), count=5)
    async with database.acquire() as holder, holder.transaction():
        await holder.execute("SELECT FROM event FOR UPDATE")
        await retain.step(database, now=NOW, wall_now=NOW)
        assert len(await numbers(database, team_id)) == 5


async def test_answers_of_keyed_calls_are_kept_for_a_day(database: Pool) -> None:
    team_id = await a_team(database)
    for key, age in (("old", 25), ("young", 23)):
        await database.execute(
            "INSERT INTO idempotency_key (team_id, key, fingerprint, status, body, created_at)"
            " VALUES ($1, $2, decode(repeat('00', 32), 'hex'), 200, '', $3)",
            team_id,
            key,
            NOW - timedelta(hours=age),
        )
    await retain.step(database, now=NOW, wall_now=NOW)
    assert [row["key"] for row in await database.fetch("SELECT key FROM idempotency_key")] == ["young"]


async def an_import(pool: Pool, team_id: str, *, ended: datetime, rows: int) -> str:
    job_id = ids.new("j")
    await pool.execute(
        """
        INSERT INTO import_job (team_id, id, list_id, type, status, file_name, column_mapping, merge_strategy,
                                created_at, updated_at, completed_at)
        VALUES ($1, $2, 'l00000000000000000000001', 'csv', 'completed', 'people.csv', '{}', 'overwrite', $3, $3, $3)
        """,
        team_id,
        job_id,
        ended,
    )
    await pool.execute(
        "INSERT INTO import_reject SELECT $1, $2, n, 'invalid', 'x' FROM generate_series(1, $3::int) AS n",
        team_id,
        job_id,
        rows,
    )
    await pool.execute(
        """
        INSERT INTO import_lead SELECT $1, $2, 'u' || lpad(n::text, 23, '0'), '{}', '{}'
          FROM generate_series(1, $3::int) AS n
        """,
        team_id,
        job_id,
        rows,
    )
    return job_id


async def left(pool: Pool, job_id: str) -> tuple[int, int]:
    row = await pool.fetchrow(
        """
        SELECT (SELECT count(*) FROM import_reject WHERE job_id = $1),
               (SELECT count(*) FROM import_lead WHERE job_id = $1)
        """,
        job_id,
    )
    assert row is not None
    return tuple(row)


async def test_rejects_and_what_undoing_needs_go_ninety_days_after_the_import(
    database: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    team_id = await a_team(database)
    old = await an_import(database, team_id, ended=NOW - timedelta(days=90, seconds=1), rows=25)
    young = await an_import(database, team_id, ended=NOW - timedelta(days=90), rows=3)
    async with database.acquire() as connection:
        before = NOW - timedelta(days=90)
        assert await retention.prune_imports(connection, before=before, now=NOW, jobs=5, count=10) == 1
    assert (await left(database, old), await left(database, young)) == ((15, 15), (3, 3))
    monkeypatch.setattr(retain, "BATCH", 10)
    await retain.step(database, now=NOW, wall_now=NOW)
    assert (await left(database, old), await left(database, young)) == ((0, 0), (3, 3))
    pruned = await database.fetch("SELECT id FROM import_job WHERE pruned_at IS NOT NULL")
    assert [row["id"] for row in pruned] == [old]


async def test_an_import_that_is_being_undone_is_left_alone(database: Pool) -> None:
    team_id = await a_team(database)
    job_id = await an_import(database, team_id, ended=NOW - timedelta(days=100), rows=3)
    async with database.acquire() as holder, holder.transaction():
        await holder.execute("SELECT FROM import_job FOR NO KEY UPDATE")
        await retain.step(database, now=NOW, wall_now=NOW)
        assert await left(database, job_id) == (3, 3)
    await retain.step(database, now=NOW, wall_now=NOW)
    assert await left(database, job_id) == (0, 0)


async def test_looking_for_old_events_reads_one_of_each_team(database: Pool) -> None:
    team_id = await a_team(database)
    await happened(database, team_id, NOW, count=5_000)
    await database.execute("ANALYZE event, team_seq")
    async with database.acquire() as connection, connection.transaction():
        await retention.prune_events(connection, before=NOW - timedelta(days=30), teams=50, count=2_000)
        plan = await connection.fetchval(
            "EXPLAIN (FORMAT JSON) SELECT q.team_id FROM team_seq q WHERE (SELECT e.created_at FROM event e"
            " WHERE e.team_id = q.team_id ORDER BY e.seq LIMIT 1) < now()"
        )
    assert "event_pkey" in str(plan)


async def test_deliveries_of_webhooks_go_thirty_days_after_they_ended_with_their_tries(database: Pool) -> None:
    team_id, webhook_id = await a_team(database), ids.new("b")
    await database.execute(
        """
        INSERT INTO webhook (team_id, id, url, types, sealed_secret, taken_seq, created_at, updated_at)
        VALUES ($1, $2, 'https://crm.example/', '{}', 'x', 0, $3, $3)
        """,
        team_id,
        webhook_id,
        NOW,
    )
    kept = []
    for state, ended_at in (
        ("delivered", NOW - timedelta(days=31)),
        ("failed", NOW - timedelta(days=31)),
        ("delivered", NOW - timedelta(days=29)),
        ("pending", None),
    ):
        delivery_id = ids.new("v")
        await database.execute(
            """
            INSERT INTO webhook_delivery
                   (team_id, id, webhook_id, event_id, seq, type, object_id, body, state, next_at, created_at, ended_at)
            VALUES ($1, $2, $3, 'e', 1, 'tag.created', 'h', '{}', $4, $5, $5, $6)
            """,
            team_id,
            delivery_id,
            webhook_id,
            state,
            NOW - timedelta(days=40),
            ended_at,
        )
        await database.execute(
            "INSERT INTO webhook_try (team_id, delivery_id, number, at, milliseconds) VALUES ($1, $2, 1, $3, 1)",
            team_id,
            delivery_id,
            NOW - timedelta(days=40),
        )
        if ended_at is None or ended_at > NOW - timedelta(days=30):
            kept.append(delivery_id)
    await retain.step(database, now=NOW, wall_now=NOW)
    rows = await database.fetch("SELECT delivery_id FROM webhook_try ORDER BY delivery_id")
    assert [row["delivery_id"] for row in rows] == kept


async def test_sessions_that_ended_go_and_tokens_stay(database: Pool) -> None:
    team_id = await a_team(database)
    async with database.acquire() as connection, connection.transaction():
        owner = await members.first_owner(connection, team_id=team_id)
        assert owner is not None
        for days, is_session in ((-2, True), (0, True), (-90, False)):
            token_id, ends_at = ids.new("k"), NOW + timedelta(days=days) if is_session else None
            await tokens.insert(
                connection,
                team_id=team_id,
                token_id=token_id,
                name="A",
                member_id=owner.id,
                digest=token_id.encode(),
                now=NOW,
                idle_until=ends_at,
                ends_at=ends_at,
            )
    await retain.step(database, now=NOW, wall_now=NOW)
    left = await database.fetch("SELECT t.ends_at FROM api_token t JOIN token_directory d USING (hash) ORDER BY 1")
    assert [row["ends_at"] for row in left] == [NOW, None]
    assert await database.fetchval("SELECT count(*) FROM token_directory") == 2
