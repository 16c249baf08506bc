"""Rules at work: what happens to lists, people and other campaigns reaches a campaign by itself."""

from datetime import timedelta

from tests.engine.conftest import World, message


async def states(world: World, campaign_id: str) -> dict[str, tuple[str, str | None]]:
    rows = await world.pool.fetch(
        """
        SELECT f.platform_id, l.state, l.reason FROM lead l JOIN profile f ON f.id = l.profile_id
         WHERE l.campaign_id = $1
        """,
        campaign_id,
    )
    return {row["platform_id"]: (row["state"], row["reason"]) for row in rows}


async def test_a_lead_added_to_a_synced_list_of_a_running_campaign_is_assessed_assigned_and_sent_to(
    world: World,
) -> None:
    await world.link("ana", "ben")
    first, second = (await world.people(nature="open", talk="silent"))[:2]
    list_id = await world.make_list([first])
    campaign_id = await world.campaign([list_id])

    async def has_begun() -> bool:
        return (await states(world, campaign_id)).get(first["id"], ("", None))[0] == "inSequence"

    await world.run_until(has_begun)
    await world.add_to_list(list_id, [second])
    await world.run_until_completed(campaign_id)

    assert {message["recipient"] for message in await world.messages()} == {first["id"], second["id"]}
    assert await states(world, campaign_id) == {first["id"]: ("finished", None), second["id"]: ("finished", None)}
    assert await world.pool.fetchval("SELECT count(*) FROM list_change") == 0


async def test_whoever_is_contacted_elsewhere_leaves_a_campaign_that_excludes_them(world: World) -> None:
    await world.link("ana")
    people = (await world.people(nature="open", talk="silent"))[:2]
    waiting_id = await world.campaign([await world.make_list(people)], rules={"exclude_contacted": True}, enabled=False)
    busy_id = await world.campaign([await world.make_list(people[:1], "Others")], steps=[message("Hello ")])
    await world.run_until_completed(busy_id)

    async def has_left() -> bool:
        return (await states(world, waiting_id))[people[0]["id"]] == ("excluded", "contacted")

    await world.run_until(has_left)
    assert (await states(world, waiting_id))[people[1]["id"]][0] in {"assessing", "ready"}
    assert (
        await world.pool.fetchval("SELECT sum(targets)::int FROM campaign_counter WHERE campaign_id = $1", waiting_id)
        == 1
    )


async def test_whoever_writes_is_no_longer_out_for_missing_consent_but_waits_for_a_person(world: World) -> None:
    await world.link("ana")
    consenting, silent, writing = (await world.people(nature="open", talk="silent"))[:3]
    list_id = await world.make_list([consenting, silent, writing])
    await world.pool.execute("UPDATE platform_app SET contact_policy = 'inboundOrConsent'")
    await world.pool.execute(
        """
        WITH agreed AS (
            INSERT INTO contact (team_id, id, consent_basis, consent_evidence, consent_at, created_at, updated_at)
            SELECT team_id, $2, 'signedUp', 'form', $3, $3, $3 FROM profile WHERE platform_id = $1 RETURNING id
        )
        UPDATE profile SET contact_id = agreed.id FROM agreed WHERE platform_id = $1
        """,
        consenting["id"],
        "o" * 24,
        await world.clock.now(),
    )
    campaign_id = await world.campaign([list_id])

    async def has_begun() -> bool:
        return (await states(world, campaign_id)).get(consenting["id"], ("", None))[0] == "inSequence"

    await world.run_until(has_begun)
    missing = ("excluded", "consentMissing")
    assert (await states(world, campaign_id))[writing["id"]] == missing
    await world.say(writing["id"], "ana", "Tell me more")

    async def has_come_in() -> bool:
        return (await states(world, campaign_id))[writing["id"]] != missing

    await world.run_until(has_come_in)
    assert (await states(world, campaign_id))[writing["id"]] == ("held", "wroteFirst")
    assert (await states(world, campaign_id))[silent["id"]] == missing


async def test_words_of_an_opt_out_among_others_ask_a_person(world: World) -> None:
    await world.link("ana")
    unclear, plain = (await world.people(nature="open", talk="silent"))[:2]
    campaign_id = await world.campaign([await world.make_list([unclear, plain])])

    async def were_contacted() -> bool:
        if await world.lead_states(campaign_id) != {"inSequence": 2}:
            return False
        last = await world.pool.fetchval("SELECT max(contacted_at) FROM lead")
        return bool(await world.clock.now() > last + timedelta(minutes=1))

    await world.run_until(were_contacted)
    await world.say(unclear["id"], "ana", "I think you should stop writing to me.")
    await world.say(plain["id"], "ana", "Tell me more")

    async def have_answered() -> bool:
        return await world.lead_states(campaign_id) == {"replied": 2}

    await world.run_until(have_answered)
    assert await states(world, campaign_id) == {
        unclear["id"]: ("replied", "mayOptOut"),
        plain["id"]: ("replied", None),
    }
    rows = await world.pool.fetch(
        "SELECT p.platform_id, t.unread, t.archived FROM thread t JOIN profile p ON p.id = t.profile_id"
    )
    assert {tuple(row) for row in rows} == {(unclear["id"], True, False), (plain["id"], False, False)}
    assert await world.pool.fetchval("SELECT count(*) FROM person WHERE suppressed_at IS NOT NULL") == 0
