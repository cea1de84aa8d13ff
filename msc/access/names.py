"""How names are compared, sorted and searched: one place, so that no two lists disagree."""

import unicodedata


def name_key(text: str) -> str:
    """Return what makes a name unique: NFKC, no case, no surrounding or repeated space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def folded_name(text: str) -> str:
    """Return the form that names sort and search by: the key without marks, so "munchen" finds "München"."""
    decomposed = unicodedata.normalize("NFKD", name_key(text))
    unmarked = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", unmarked)  # Korean syllables fall into letters and come together again
