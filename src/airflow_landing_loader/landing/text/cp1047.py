"""The character set IBM-1047 of z/OS, which Python lacks: cp037 with three pairs exchanged.

Brackets, caret and not-sign, accents: these are what one would get wrong by reading it as cp037.
"""

from __future__ import annotations

import codecs
from functools import cache
from typing import Any

NAME = "cp1047"
_EXCHANGED = ((0x5F, 0xB0), (0xAD, 0xBA), (0xBB, 0xBD))


def find(name: str) -> codecs.CodecInfo | None:
    """Find the codec, as :func:`codecs.register` asks for it."""
    return _codec() if name == NAME else None


@cache
def _codec() -> codecs.CodecInfo:
    table = list(bytes(range(256)).decode("cp037"))
    for one, other in _EXCHANGED:
        table[one], table[other] = table[other], table[one]
    decoding = {byte: ord(character) for byte, character in enumerate(table)}
    encoding = codecs.charmap_build("".join(table))

    class Decoder(codecs.IncrementalDecoder):
        def decode(self, input: Any, final: bool = False) -> str:  # noqa: ARG002
            return codecs.charmap_decode(input, self.errors, decoding)[0]

    class Encoder(codecs.IncrementalEncoder):
        def encode(self, input: str, final: bool = False) -> bytes:  # noqa: ARG002
            return codecs.charmap_encode(input, self.errors, encoding)[0]

    return codecs.CodecInfo(
        encode=lambda text, errors="strict": codecs.charmap_encode(text, errors, encoding),
        decode=lambda data, errors="strict": codecs.charmap_decode(data, errors, decoding),
        incrementaldecoder=Decoder,
        incrementalencoder=Encoder,
        name=NAME,
    )
