"""How templates of health write figures and days."""

from datetime import date
from decimal import Decimal

from django import template

from msc.pages.when import absolute

register = template.Library()


@register.filter
def units(amount: Decimal) -> str:
    """Return consumption units with separated thousands and two places."""
    return f"{amount:,.2f}"


@register.filter
def short(amount: Decimal) -> str:
    """Return a round number of a scale without zeros that say nothing."""
    return f"{amount.quantize(Decimal(1)) if amount == amount.to_integral() else amount.normalize():,f}"


@register.simple_tag
def day(value: date) -> str:
    """Return a day without its age."""
    return absolute(value)
