"""The 28-day strip of a data source as SVG: each day is told by its shape, colour only repeats it."""

from datetime import date, timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from health.models import STRIP_DAYS
from msc.pages.when import absolute

STEP, HEIGHT = 7, 16
#: Per letter of `DataSource.strip`: the word, the style and the shape at x = 0.
DAYS: dict[str, tuple[str, str, str]] = {
    "S": ("successful", "good", "v6h5v-6z@10"),
    "E": ("completed with errors", "warn", "v6h5v-6z@10 v2h5v-2z@6"),
    "P": ("some failed", "bad", "v6h5v-6z@10 v8h5v-8z@0"),
    "F": ("failed", "bad", "v16h5v-16z@0"),
    "R": ("running", "busy", "v2h5v-2z@14 v2h5v-2z@10"),
    "C": ("cancelled", "quiet", "v2h5v-2z@8"),
    ".": ("no backup", "quiet", "v1h5v-1z@15"),
}
#: The letters in the order of the legend.
LEGEND = "SEPFRC."


def shifted(strip: str, strip_on: date | None, today: date) -> str:
    """Return the letters of the 28 days that end today; the stored ones end on the day they were counted."""
    if strip_on is None or not strip:
        return "." * STRIP_DAYS
    passed = (today - strip_on).days
    if passed <= 0:
        return strip[-STRIP_DAYS:].rjust(STRIP_DAYS, ".")
    return (strip + "." * min(passed, STRIP_DAYS))[-STRIP_DAYS:]


def _shape(letter: str, x: int) -> str:
    parts = (part.split("@") for part in DAYS[letter][2].split())
    return "".join(f"M{x} {y}{path}" for path, y in parts)


def words(letters: str, today: date) -> str:
    """Return the strip in words: how many days of each kind, and on which days something failed."""
    counts = [f"{letters.count(letter)} {DAYS[letter][0]}" for letter in LEGEND if letter in letters]
    first = today - timedelta(days=len(letters) - 1)
    failed = [absolute(first + timedelta(days=place)) for place, letter in enumerate(letters) if letter in "FP"]
    told = "Last 28 days: " + ", ".join(counts)
    return f"{told}. Failed on {', '.join(failed)}" if failed else told


#: The shape of each letter at each place, made once: a list draws fourteen hundred of them.
_SHAPES = {letter: [_shape(letter, place * STEP) for place in range(STRIP_DAYS)] for letter in DAYS}
_WIDTH = STRIP_DAYS * STEP
_OPEN = f'<svg class="strip" role="img" viewBox="0 0 {_WIDTH} {HEIGHT}" width="{_WIDTH}" height="{HEIGHT}"><title>'


def svg(letters: str, today: date) -> SafeString:
    """Return the strip as a picture that says in words what it shows."""
    drawn: dict[str, list[str]] = {}
    for place, letter in enumerate(letters):
        drawn.setdefault(letter, []).append(_SHAPES[letter][place])
    paths = [
        f'<path class="day-{DAYS[letter][1]}" d="{"".join(drawn[letter])}"/>' for letter in LEGEND if letter in drawn
    ]
    # Made of constants, numbers and days.
    return mark_safe(f"{_OPEN}{words(letters, today)}</title>{''.join(paths)}</svg>")  # noqa: S308


def legend() -> list[tuple[SafeString, str]]:
    """Return the picture and the word of each kind of day."""
    return [
        (
            format_html(
                '<svg class="strip" aria-hidden="true" viewBox="0 0 5 {}" width="5" height="{}"><path class="day-{}" d="{}"/></svg>',
                HEIGHT,
                HEIGHT,
                DAYS[letter][1],
                _shape(letter, 0),
            ),
            DAYS[letter][0],
        )
        for letter in LEGEND
    ]
