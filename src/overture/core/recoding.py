"""The encoding of a file that is still arriving, and its bytes in a form that can be split into lines."""

import codecs

from overture.core import csvfile

SAMPLE_BYTES = 262_144
"""How much of a file is looked at before its encoding is decided."""

# Stands for what a wide encoding cannot read: UTF-8 writes it as a byte that is no UTF-8, so its row is refused later.
_DAMAGED = "\udcff"
_ERRORS = "overture.damaged"


def _mark_damage(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _DAMAGED, error.end


codecs.register_error(_ERRORS, _mark_damage)


class Recoder:
    """Takes the pieces of a file and gives back its text without a mark; wide encodings become UTF-8.

    As long as there is nothing but ASCII, nothing is decided: the first accent of a file may come late.
    """

    def __init__(self) -> None:
        self.encoding = "utf-8"
        """Of the bytes given back so far."""
        self._pending = b""
        self._is_begun = False
        self._is_decided = False
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, content: bytes) -> bytes:
        """Take the next piece; return what is ready."""
        if self._is_decided:
            return self._recoded(content, is_last=False)
        self._pending += content
        if self._is_begun and self._pending.isascii():
            return self._take_pending()
        return self._decide(is_whole=False) if len(self._pending) >= SAMPLE_BYTES else b""

    def close(self) -> bytes:
        """Tell that nothing follows; return the rest."""
        rest = b"" if self._is_decided else self._decide(is_whole=True)
        return rest + self._recoded(b"", is_last=True)

    def _decide(self, *, is_whole: bool) -> bytes:
        sample = self._take_pending()
        found = csvfile.detect_encoding(sample, is_whole=is_whole)
        mark_length = 0 if self._is_begun else found.mark_length
        self._is_decided = mark_length > 0 or csvfile.is_wide(found.name) or not sample.isascii()
        self._is_begun = True
        if csvfile.is_wide(found.name):
            self._decoder = codecs.getincrementaldecoder(found.name)(errors=_ERRORS)
        else:
            self.encoding = found.name
        return self._recoded(sample[mark_length:], is_last=False)

    def _recoded(self, content: bytes, *, is_last: bool) -> bytes:
        if self._decoder is None:
            return content
        return self._decoder.decode(content, final=is_last).encode(errors="surrogateescape")

    def _take_pending(self) -> bytes:
        pending, self._pending = self._pending, b""
        return pending
