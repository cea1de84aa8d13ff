"""The shapes in which a text can hide in a log, a dump or a header."""

import base64
import html
import json
import quopri
import unicodedata
from collections.abc import Iterator
from email.header import Header
from urllib.parse import quote, quote_plus


def shapes(text: str) -> dict[str, bytes]:
    """Return the text as it would stand in each encoding that something on its way could use."""
    decomposed = unicodedata.normalize("NFD", text)
    folded = "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
    plain = {
        "plain": text,
        "upper": text.upper(),
        "lower": text.lower(),
        "casefolded": text.casefold(),
        "decomposed": decomposed,
        "folded": folded,
        "percent": quote(text, safe=""),
        "percent twice": quote(quote(text, safe=""), safe=""),
        "plus": quote_plus(text),
        "entities": html.escape(text),
        "numeric entities": "".join(one if one.isascii() else f"&#{ord(one)};" for one in text),
        "json": json.dumps(text)[1:-1],
        "python": ascii(text)[1:-1],
        "reversed": text[::-1],
        "slug": folded.replace(" ", "-"),
        "rfc 2047": Header(text, "utf-8").encode().strip("=?utf-8b").strip("="),
        "hex": text.encode().hex(),
        "quoted-printable": quopri.encodestring(text.encode()).decode(),
    }
    found = {name: one.encode() for name, one in plain.items()}
    found |= {f"base64 at {offset}": one for offset, one in enumerate(_base64(text.encode()))}
    return {**found, "latin-1": text.encode("latin-1", "replace"), "utf-16": text.encode("utf-16-le")}


def _base64(raw: bytes) -> Iterator[bytes]:
    """Return what is sure to stand in base64 of anything that holds the bytes, for each of three offsets."""
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + raw)
        yield encoded[4 if offset else 0 : len(encoded) // 4 * 4 - 4]


def found_in(blob: bytes, secrets: dict[str, str]) -> list[str]:
    """Return which secret stands in the bytes, and in which shape."""
    return [f"{what} ({how})" for what, text in secrets.items() for how, shape in shapes(text).items() if shape in blob]
