"""The people of the platform: seeded, distinct, made on demand."""

import re
import time
from collections import Counter

from overture.sandbox import accounts, talk
from overture.sandbox.people import SHARES, Nature, Population


def population(seed: int = 1, count: int = 5_000) -> Population:
    return Population(count=count, seed=seed, accounts=accounts.DEFAULT)


def test_the_same_seed_and_number_always_give_the_same_person() -> None:
    small, large = population(count=5_000), population(count=1_000_000)
    assert [small.person(index) for index in range(200)] == [large.person(index) for index in range(200)]


def test_another_seed_gives_other_people() -> None:
    ones, others = population(seed=1), population(seed=2)
    assert not {ones.person(index).id for index in range(100)} & {others.person(index).id for index in range(100)}


def test_ids_and_usernames_are_distinct_and_have_the_form_of_x() -> None:
    everybody = population()
    people = [everybody.person(index) for index in range(everybody.count)]
    assert len({person.id for person in people}) == len(people)
    assert len({person.username.lower() for person in people}) == len(people)
    assert all(re.fullmatch(r"[0-9]{19}", person.id) for person in people)
    assert all(re.fullmatch(r"[A-Za-z0-9_]{1,15}", person.username) for person in people)


def test_people_are_found_by_id_and_by_username_across_a_million() -> None:
    everybody = population(count=2_000_000)
    for index in (0, 9_999, 10_000, 77_777, 1_009_999, 1_010_000, 1_999_999):
        person = everybody.person(index)
        assert person.index == index
        assert everybody.by_id(person.id) == person
        assert everybody.by_username(person.username.upper()) == person


def test_nobody_is_found_beyond_the_last_person_or_by_a_wrong_name() -> None:
    outside = population(count=1_000_000).person(10)
    few = population(count=10)
    assert few.by_id(outside.id) is None
    assert few.by_username(outside.username) is None
    assert population().by_username("x" + population().person(3).username) is None
    assert population().by_id("12") is None


def test_natures_come_in_the_promised_shares() -> None:
    everybody = population(count=20_000)
    counts = Counter(everybody.person(index).nature for index in range(everybody.count))
    assert sum(share for _, share in SHARES) == 1
    for nature, share in SHARES:
        assert abs(counts[nature] / everybody.count - share) < 0.01, nature


def test_talk_comes_in_the_promised_shares() -> None:
    everybody = population(count=20_000)
    counts = Counter(everybody.person(index).habit.talk for index in range(everybody.count))
    for kind, share in talk.SHARES:
        assert abs(counts[kind] / everybody.count - share) < 0.01, kind


def test_followers_follow_exactly_one_account_and_each_account_has_some() -> None:
    everybody = population()
    people = [everybody.person(index) for index in range(everybody.count)]
    followed = {person.follows for person in people if person.nature is Nature.FOLLOWS}
    assert followed == {account.id for account in accounts.DEFAULT}
    assert all(person.follows is None for person in people if person.nature is not Nature.FOLLOWS)


def test_some_profiles_have_holes_and_other_scripts() -> None:
    people = [population().person(index) for index in range(5_000)]
    assert any(not person.name.strip() for person in people)
    assert any(person.location is None for person in people)
    assert any(not person.description for person in people)
    assert any("\u0590" <= character <= "\u06ff" for person in people for character in person.name)
    assert any(ord(character) > 0x1F000 for person in people for character in person.name)


def test_a_million_people_cost_nothing_until_asked_for() -> None:
    begun = time.perf_counter()
    everybody = population(count=1_000_000)
    everybody.by_username(everybody.person(999_999).username)
    assert time.perf_counter() - begun < 1
