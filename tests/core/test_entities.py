"""Entities: what a text names, at places that hold exactly that."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overture.core import entities, text

CHEAP = settings(max_examples=80, deadline=None, database=None)


@CHEAP
@given(st.text(alphabet='a@#$ .,()/:é☕0_<>"\n') | st.text())
@example("(see http://a.b/c_(d)) https://x.com/a/status/12!")
def test_every_place_holds_what_it_names(content: str) -> None:
    found = entities.find(content)
    for kind, prefix in ((found.links, ""), (found.mentions, "@"), (found.hashtags, "#"), (found.cashtags, "$")):
        for one in kind:
            assert content[one.start : one.end] == prefix + one.value
        assert all(before.end <= after.start for before, after in pairwise(kind))


@pytest.mark.parametrize(
    ("content", "links"),
    [
        ("See https://example.com/a.", ["https://example.com/a"]),
        ("(http://example.com/a_(b))", ["http://example.com/a_(b)"]),
        ("http:// and https://", []),
        ("HTTPS://EXAMPLE.COM/?q=1#top, then", ["HTTPS://EXAMPLE.COM/?q=1#top"]),
    ],
)
def test_links_end_where_the_sentence_goes_on(content: str, links: list[str]) -> None:
    assert [one.value for one in entities.find(content).links] == links


def test_names_and_tags_are_told_from_what_only_looks_like_them() -> None:
    found = entities.find("mail a@b.c, @ana, #café #1 $ACME $5 https://x.com/@bob#x")
    assert [one.value for one in found.mentions] == ["ana"]
    assert [one.value for one in found.hashtags] == ["café"]
    assert [one.value for one in found.cashtags] == ["ACME"]


def test_a_link_to_a_post_is_one() -> None:
    to_post, elsewhere = entities.find("https://x.com/ana/status/1800000000000000042 https://example.com").links
    assert entities.post("twitter", to_post) == "1800000000000000042"
    assert entities.post("twitter", elsewhere) is None
    assert entities.shown("https://www.example.com/" + "a" * 50) == "example.com/" + "a" * 27 + "…"


@CHEAP
@given(st.text())
def test_a_preview_is_one_line_or_nothing(content: str) -> None:
    shown = text.preview(content)
    assert (shown is None) == (not content.split())
    assert shown is None or (len(shown) <= text.LONGEST_PREVIEW and shown == " ".join(shown.split()))
