"""Posts by id and by link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overture.core import post_links

ID = "1900000000000000042"


@pytest.mark.parametrize(
    "text",
    [
        ID,
        f" {ID} ",
        f"https://x.com/ana/status/{ID}",
        f"https://twitter.com/ana/status/{ID}?s=20&t=abc",
        f"http://mobile.twitter.com/ana/statuses/{ID}#m",
        f"www.X.com/i/status/{ID}/photo/1",
        f"https://x.com/i/web/status/{ID}",
    ],
)
def test_a_post_is_named_by_its_id_or_a_link(text: str) -> None:
    assert post_links.post_id("twitter", text) == ID


@pytest.mark.parametrize(
    "text", ["", "ana", "0", "https://x.com/ana", f"https://x.com.evil.example/ana/status/{ID}", f"https://x.com/ana/status/{ID}0"]
)  # fmt: skip
def test_other_text_names_no_post(text: str) -> None:
    assert post_links.post_id("twitter", text) is None


def test_there_are_no_posts_of_a_platform_nobody_knows() -> None:
    assert post_links.post_id("fax", ID) is None


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert (post_links.post_id("twitter", text) or "1").isdecimal()
