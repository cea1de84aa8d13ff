"""What the pages of products and plans write in a way of their own."""

from datetime import date
from decimal import Decimal

from django import template

from msc.pages.when import absolute

register = template.Library()


@register.filter
def quantity(amount: Decimal) -> str:
    """Return an amount with separated thousands and without zeros that say nothing."""
    whole = amount == amount.to_integral()
    return f"{amount.quantize(Decimal(1)) if whole else amount.normalize():,f}"


@register.simple_tag
def day(value: date) -> str:
    """Return a day without its age, for ranges."""
    return absolute(value)
