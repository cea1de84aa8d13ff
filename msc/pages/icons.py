"""Icons as references into the one sprite that the build makes of the icons it collects."""

from functools import cache

from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe


@cache
def icon(name: str, extra: str = "") -> SafeString:
    """Return the SVG of an icon; it is decoration, so the words beside it carry the meaning."""
    css = f"icon {extra}".strip()
    return mark_safe(  # noqa: S308  both arguments are literals of our own code
        f'<svg class="{css}" aria-hidden="true"><use href="{static("vendor/icons.svg")}#{name}"/></svg>'
    )
