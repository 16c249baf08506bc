"""Posts, as people name them: by the id, or by a link copied from the platform."""

import re
from collections.abc import Mapping

_X = re.compile(
    r"([1-9][0-9]{0,18})"
    r"|(?:https?://)?(?:(?:www|mobile|m)\.)?(?:x|twitter)\.com/(?:i/web|[^/?#]+)/status(?:es)?/([1-9][0-9]{0,18})(?:[/?#].*)?",
    re.IGNORECASE | re.DOTALL,
)
_FORMS: Mapping[str, re.Pattern[str]] = {"twitter": _X}


def post_id(platform: str, text: str) -> str | None:
    """Return the id of the post that `text` names on `platform`; None when it names none."""
    form = _FORMS.get(platform)
    found = form.fullmatch(text.strip()) if form is not None else None
    return None if found is None else found[1] or found[2]
