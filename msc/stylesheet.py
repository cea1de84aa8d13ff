"""Trims a style sheet to the rules that some page can use: those whose classes all occur in the portal's sources."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

# Strings and comments may hold braces; everything else of these characters is structure.
_TOKENS = re.compile(r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]""", re.DOTALL)
_CLASSES = re.compile(r"\.((?:[\w-]|\\.)+)")
_WORDS = re.compile(r"[A-Za-z_][\w-]*")
_GROUPS = ("@media", "@supports", "@container", "@layer")


class Vocabulary(NamedTuple):
    """The words of some sources; one that ends in a hyphen is the beginning of a name put together there."""

    words: frozenset[str]
    beginnings: tuple[str, ...]

    def knows(self, name: str) -> bool:
        """Tell whether a class may occur."""
        return name in self.words or name.startswith(self.beginnings)


def vocabulary(sources: Iterable[str]) -> Vocabulary:
    """Collect every word of the sources, class name or not: rather a rule too many than one too few."""
    words = frozenset(word for source in sources for word in _WORDS.findall(source))
    return Vocabulary(words, tuple(word for word in words if word.endswith("-") and len(word) > 2))


def trimmed(sheet: str, known: Vocabulary) -> str:
    """Return the style sheet without the rules that no page can use."""
    return "".join(_kept(sheet, known))


def _kept(sheet: str, known: Vocabulary) -> Iterator[str]:
    for head, body in _rules(sheet):
        if body is None:
            yield head
        elif head.lstrip().startswith(_GROUPS):
            if inner := trimmed(body, known):
                yield f"{head}{{{inner}}}"
        elif head.lstrip().startswith("@"):
            yield f"{head}{{{body}}}"
        elif selectors := [each for each in _selectors(head) if _usable(each, known)]:
            yield f"{','.join(selectors)}{{{body}}}"


def _rules(sheet: str) -> Iterator[tuple[str, str | None]]:
    """Yield head and body of each rule of one level; a statement or comment has no body."""
    start, depth, opened = 0, 0, 0
    for token in _TOKENS.finditer(sheet):
        text = token.group()
        if text == "{":
            depth += 1
            if depth == 1:
                opened = token.start()
        elif text == "}":
            depth -= 1
            if depth == 0:
                yield sheet[start:opened], sheet[opened + 1 : token.start()]
                start = token.end()
        elif depth == 0 and text[0] in ";/":
            yield sheet[start : token.end()], None
            start = token.end()


def _selectors(head: str) -> list[str]:
    """Split a list of selectors at its commas, but not at those inside brackets."""
    ends = [place for place, depth, character in _depths(head) if depth == 0 and character == ","]
    return [head[start + 1 : end] for start, end in pairwise([-1, *ends, len(head)])]


def _usable(selector: str, known: Vocabulary) -> bool:
    """Tell whether all classes that a selector requires may occur; those inside brackets are alternatives or absent."""
    required = "".join(character for _, depth, character in _depths(selector) if depth == 0)
    return all(known.knows(name.replace("\\", "")) for name in _CLASSES.findall(required))


def _depths(selector: str) -> Iterator[tuple[int, int, str]]:
    """Yield place, depth of brackets and text of each character."""
    depth = 0
    for place, character in enumerate(selector):
        depth += character in "(["
        yield place, depth, character
        depth -= character in ")]"
