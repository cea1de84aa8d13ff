"""How names are cleaned, compared, sorted and searched: one place, so that no two lists disagree."""

import re
import unicodedata

#: Unicode's Default_Ignorable_Code_Point, which shows nothing, and the blank Braille pattern, which shows a space.
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
#: The same without the joiners and variation selectors that emoji, Persian and Indic scripts are written with.
_NOT_KEPT = re.compile(f"(?![\u200c\u200d\ufe00-\ufe0f])[{INVISIBLE}]")
_VISIBLE_CATEGORIES = "LNPS"


def clean_text(text: str) -> str:
    """Return the text in composed characters and without those that show nothing, or "" when nothing is visible."""
    kept = unicodedata.normalize("NFC", _NOT_KEPT.sub("", text))
    visible = _INVISIBLE.sub("", kept)
    return kept if any(unicodedata.category(char)[0] in _VISIBLE_CATEGORIES for char in visible) else ""


def name_key(text: str) -> str:
    """Return what makes a name unique: NFKC, no case, no surrounding or repeated space, nothing invisible."""
    return " ".join(unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold().split())


def folded_name(text: str) -> str:
    """Return the form that names sort and search by: the key without marks, so "munchen" finds "München"."""
    decomposed = unicodedata.normalize("NFKD", name_key(text))
    unmarked = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", unmarked)  # Korean syllables fall into letters and come together again
