"""What templates of the portal use: icons, the menu, dates, fields and list addresses."""

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django import forms, template
from django.conf import settings
from django.forms.boundfield import BoundField
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe

from msc import navigation
from msc.access.models import User
from msc.access.roles import allows
from msc.pages import columns, icons, kinds, when

register = template.Library()
register.simple_tag(icons.icon, name="icon")


@cache
def _menu(role: str) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (entry.label, reverse(entry.url_name), entry.icon) for entry in navigation.MENU if allows(role, entry.needs)
    )


@cache
def _account(role: str) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (entry.label, reverse(entry.url_name), entry.icon) for entry in navigation.ACCOUNT if allows(role, entry.needs)
    )


@register.simple_tag
def menu(user: User, path: str) -> list[dict[str, Any]]:
    """Return the menu of a person; the longest address that the path begins with is current."""
    entries = _menu(user.role)
    matching = [url for _, url, _ in entries if path.startswith(url)]
    current = max(matching, key=len, default=None)
    return [{"label": label, "url": url, "icon": name, "current": url == current} for label, url, name in entries]


@register.simple_tag
def account_menu(user: User) -> list[dict[str, str]]:
    """Return the entries of a person's account menu."""
    return [{"label": label, "url": url, "icon": name} for label, url, name in _account(user.role)]


@register.simple_tag(takes_context=True)
def came_from(context: template.Context) -> str:
    """Return the portal's page from which the person came here, or nothing."""
    request = context.get("request")
    if request is None:
        return ""
    referer: str = request.headers.get("Referer", "")
    # Not get_host(): this is called for requests whose host has been refused, too.
    own = url_has_allowed_host_and_scheme(referer, {request.META.get("HTTP_HOST")})
    return referer if own and not referer.endswith(request.get_full_path()) else ""


@register.simple_tag
def vendor() -> str:
    """Return the vendor's name."""
    return str(settings.MSC_VENDOR_NAME)


@register.simple_tag
def version() -> str:
    """Return the portal's version."""
    return settings.MSC_VERSION


@register.simple_tag
def help_address() -> str:
    """Return where the operator keeps help for users, or nothing."""
    return settings.MSC_HELP_URL


@register.filter
def may(user: User, permission: str) -> bool:
    """Whether the person holds a permission."""
    return user.can(permission)


@register.simple_tag
def moment(value: date | datetime | None) -> SafeString:
    """Return a date with its age beside it."""
    if value is None:
        return mark_safe(columns.EMPTY_HTML)  # noqa: S308  a literal
    return format_html(
        '<time datetime="{}">{}</time> <span class="age">{}</span>',
        value.isoformat(),
        when.absolute(value),
        when.relative(value, timezone.now()),
    )


@register.simple_tag
def status(word: str, icon_name: str = "", tone: str = "neutral") -> SafeString:
    """Return a status with icon and word."""
    return mark_safe(kinds.badge(kinds.Look(word, icon_name, tone)))  # noqa: S308  escaped in badge


@register.simple_tag
def percent_bar(share: float, tone: str = "plain") -> SafeString:
    """Return a small bar of 0 to 100."""
    return mark_safe(kinds.bar(float(share), tone))  # noqa: S308  numbers only


@register.simple_tag
def copy_button(text: object, what: str) -> SafeString:
    """Return a button that copies a text and says that it did; without JavaScript there is none."""
    return format_html(
        '<span class="copying" data-script><button type="button" class="btn" data-copy="{}" aria-label="Copy {}">'
        '{}<span>Copy</span></button><span class="visually-hidden" role="status"></span></span>',
        text,
        what,
        icons.icon("copy"),
    )


@register.filter
def percent(share: Decimal) -> str:
    """Return a share of 100 with one place, rounded down."""
    return f"{kinds.floored(share, 1):,f}"


@register.filter
def phone(number: object) -> str:
    """Return a phone number in its international form."""
    return kinds.international(number) if number else ""


_CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxInput, "form-check-input"),
    (forms.CheckboxSelectMultiple, "form-check-input"),
    (forms.RadioSelect, "form-check-input"),
    (forms.Select, "form-select"),
)


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, label: str = "", *, required: bool = False) -> dict[str, Any]:
    """Render a form field with label, help and errors beside it; `required` marks one that is needed here only."""
    widget = bound.field.widget
    css = next((css for kind, css in _CLASSES if isinstance(widget, kind)), "form-control")
    css = f"{widget.attrs.get('class', '')} {css}{' is-invalid' if bound.errors else ''}".strip()
    if isinstance(widget, forms.Textarea) and widget.attrs.get("rows") == "10":
        widget.attrs["rows"] = "3"
    if isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect):
        widget.attrs["class"] = css
    return {
        "bound": bound,
        "label": label or bound.label,
        "required": required,
        "control": bound.as_widget(attrs={"class": css}),
        "is_box": isinstance(widget, forms.CheckboxInput),
        "is_group": isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect),
    }


@register.simple_tag
def list_address(of: Any, **values: Any) -> str:  # Any: a ListPage, whose module imports this one's neighbours
    """Return a list's address with some values of its query changed; an empty string removes one."""
    return str(of.address(**{name: value if value != "" else None for name, value in values.items()}))


@register.simple_tag
def list_filter_label(page: Any, name: str) -> str:  # Any: as above
    """Return the label of a list's filter."""
    return str(page.filters.base_filters[name].label or name)
