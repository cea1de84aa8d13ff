"""What a change of a product's quota does to the quotas that were granted before: pure functions.

A quota that begins on the day of another one corrects it. Where a quota overlaps others, or is to be removed, a person
answers for each of them; nothing is ended, replaced or removed without that answer.
"""

from calendar import monthrange
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from msc.errors import DomainError
from msc.pages.when import absolute
from tenants import quotas
from tenants.quotas import Granted
from tenants.rules import LATEST_QUOTA_DAY, Quota

DAY = timedelta(days=1)


class Answer(StrEnum):
    """What becomes of an earlier quota."""

    KEEP = "keep"
    END = "end"
    REMOVE = "remove"


@dataclass(frozen=True)
class Question:
    """A quota that the change touches, with what may become of it, in words."""

    period: Granted
    answers: Mapping[str, str]

    @property
    def field(self) -> str:
        """The name of the form field that asks."""
        return f"period_{self.period.pk}"

    @property
    def label(self) -> str:
        """The quota in words."""
        return words_of(terms_of(self.period))


@dataclass(frozen=True)
class Change:
    """The quotas to replace, by id, and the quotas to grant in their place."""

    replaced: Collection[int] = ()
    granted: Sequence[Quota] = ()


def terms_of(period: Granted) -> Quota:
    """Return the terms of a quota that was granted."""
    return Quota(period.quota, period.effective_on, period.end_on)


def words_of(quota: Quota) -> str:
    """Return a quota in words."""
    return f"{plain(quota.amount)} CU from {absolute(quota.effective_on)} to {absolute(quota.end_on)}"


def plain(amount: Decimal) -> str:
    """Return the amount without trailing zeros."""
    return f"{amount.normalize():f}"


def questions(wanted: Quota | None, periods: Collection[Granted], today: date) -> list[Question]:
    """Return what must be answered before the quota, or none, can be granted beside the standing ones."""
    standing = quotas.standing(periods)
    if wanted is None:
        shown = quotas.current(standing, today)
        return [_removal(period, today) for period in standing if period.end_on >= today or period is shown]
    if wanted in map(terms_of, standing):
        return []
    others = (period for period in _overlapped(wanted, standing) if period.effective_on != wanted.effective_on)
    return [_overlap(wanted, period) for period in others]


def change(wanted: Quota | None, periods: Collection[Granted], answers: Mapping[int, str], today: date) -> Change:
    """Return what the change does, or refuse it when a question is not answered."""
    standing = quotas.standing(periods)
    asked = questions(wanted, standing, today)
    for question in asked:
        if answers.get(question.period.pk) not in question.answers:
            raise DomainError(f"Choose what happens to {question.label}.", field=question.field)
    given = {question.period.pk: answers[question.period.pk] for question in asked}
    if wanted is None:
        touched = [question.period for question in asked if given[question.period.pk] != Answer.KEEP]
        ended = [replace(terms_of(p), end_on=today) for p in touched if given[p.pk] == Answer.END]
        return Change([period.pk for period in touched], ended)
    kept = [q.period.effective_on - DAY for q in asked if given[q.period.pk] == Answer.KEEP]
    wanted = replace(wanted, end_on=min([wanted.end_on, *kept]))
    if wanted in map(terms_of, standing):
        return Change()
    touched = list(_overlapped(wanted, standing))
    before = wanted.effective_on - DAY
    ended = [replace(terms_of(p), end_on=before) for p in touched if given.get(p.pk) == Answer.END]
    return Change([period.pk for period in touched], [*ended, wanted])


def _overlapped(wanted: Quota, standing: Collection[Granted]) -> Iterator[Granted]:
    return (p for p in standing if p.effective_on <= wanted.end_on and p.end_on >= wanted.effective_on)


def _removal(period: Granted, today: date) -> Question:
    answers: dict[str, str] = {Answer.KEEP: "Keep it", Answer.REMOVE: "Remove it"}
    if period.effective_on < today < period.end_on:
        answers = {
            Answer.END: f"End it today, {absolute(today)}",
            Answer.REMOVE: "Remove it from its beginning",
            Answer.KEEP: "Keep it",
        }
    return Question(period, answers)


def _overlap(wanted: Quota, period: Granted) -> Question:
    answers: dict[str, str] = {Answer.REMOVE: "Replace it"}
    if period.effective_on < wanted.effective_on:
        before = wanted.effective_on - DAY
        if before > period.effective_on:
            answers = {Answer.END: f"End it on {absolute(before)}", Answer.REMOVE: "Replace it from its beginning"}
    elif (before := period.effective_on - DAY) > wanted.effective_on:
        answers = {Answer.KEEP: f"Keep it, and end the new quota on {absolute(before)}", Answer.REMOVE: "Replace it"}
    return Question(period, answers)


def renewal_of(periods: Collection[Granted], today: date) -> Quota | None:
    """Return the quota that would follow the last standing one for as long, or None when there is none to follow."""
    standing = quotas.standing(periods)
    if not standing or (last := standing[-1]).end_on >= LATEST_QUOTA_DAY:
        return None
    follows_on = last.end_on + DAY
    begins_on = max(follows_on, today)
    months = (follows_on.year - last.effective_on.year) * 12 + follows_on.month - last.effective_on.month
    if follows_on.day == last.effective_on.day:
        return Quota(last.quota, begins_on, _months_after(begins_on, months) - DAY)
    return Quota(last.quota, begins_on, begins_on + (last.end_on - last.effective_on))


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
