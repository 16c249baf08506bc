"""The demo's leads: people of the sandbox as the CSV file a team would upload."""

import csv
import io
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

ID_HEADER = "Platform ID"
USERNAME_HEADER = "Username"
COMPANY_HEADER = "Company"
_FIRST_WORDS = ("Harbor", "Linden", "North", "Copper", "Quiet", "Maple", "River", "Signal", "Amber", "Kite")
_LAST_WORDS = ("Studio", "Labs", "Works", "Foods", "Cycles", "Press", "Health", "Maps", "Audio", "Energy")
_WITHOUT_COMPANY = 0.05


def write_csv(people: Sequence[Mapping[str, Any]], *, seed: int) -> str:
    """Write one line for each person; one in twenty has no company, for the fallback to step in."""
    draws = Random(seed)  # noqa: S311 - made-up companies, the same for the same seed
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([ID_HEADER, USERNAME_HEADER, COMPANY_HEADER])
    for person in people:
        company = f"{draws.choice(_FIRST_WORDS)} {draws.choice(_LAST_WORDS)}"
        if draws.random() < _WITHOUT_COMPANY:
            company = ""
        writer.writerow([person["id"], person["username"], company])
    return file.getvalue()


def reachable(people: Sequence[Mapping[str, Any]], account_ids: Sequence[str]) -> frozenset[str]:
    """Return those people one of the accounts may write to, by the platform's own word."""
    return frozenset(
        person["id"]
        for person in people
        if person["nature"] == "open" or (person["nature"] == "follows" and person["follows"] in account_ids)
    )
