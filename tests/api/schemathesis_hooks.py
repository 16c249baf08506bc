"""What schemathesis has to know of this API that no document can tell it; it loads this file by itself."""

import itertools
from typing import Any

import schemathesis

_numbers = itertools.count()


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case[Any], **_options: object) -> None:
    """Name every call anew: the answer to a key sent again is that of the first call, whatever became of it since."""
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"{next(_numbers)} {case.headers['Idempotency-Key']}"[:255]
