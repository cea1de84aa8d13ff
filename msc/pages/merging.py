"""Two people fill in the same form: what only one of them changed is merged, the rest is asked about.

The form carries the values with which it was opened. Compared with what is stored now they say what the other person
changed, compared with what was typed what this person did.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict

from msc.pages.when import absolute

FIELD = "opened_with"
VERSION = "version"
Texts = list[str]  # what a browser sends for a field


@dataclass(frozen=True)
class Contested:
    """A field that both changed, each value as the page shows it."""

    label: str
    theirs: str
    mine: str


@dataclass(frozen=True)
class Merge:
    """What to save: `contested` has to be decided by a person, `taken` names what only the other one changed."""

    data: QueryDict
    contested: Sequence[Contested]
    taken: Sequence[str]


def opened_with(form: forms.Form) -> str:
    """Return the values that the form shows at first, to be sent with it."""
    return json.dumps({name: _initial(form[name]) for name in form.fields if name != VERSION})


def merge(sent: QueryDict, fresh: forms.Form, label_of: Callable[[BoundField], str]) -> Merge:
    """Merge what was sent into `fresh`, the form of what is stored now."""
    opened = _read(sent.get(FIELD, ""))
    data, contested, taken = sent.copy(), [], []
    for name in fresh.fields:
        bound = fresh[name]
        if name == VERSION or (bound.field.disabled and name not in sent):
            continue
        theirs, mine = _initial(bound), _sent(bound, sent)
        before = opened.get(name, [])
        if theirs == mine or (opened and theirs == before):
            continue
        if opened and mine == before:
            taken.append(label_of(bound))
            data.setlist(name, theirs)
        else:
            contested.append(Contested(label_of(bound), shown(bound, theirs), shown(bound, mine)))
    data[FIELD], data[VERSION] = opened_with(fresh), str(fresh[VERSION].initial)
    return Merge(data, contested, taken)


def shown(bound: BoundField, texts: Texts) -> str:
    """Return a field's value as the page shows it: labels for choices, days in words."""
    if isinstance(bound.field, forms.BooleanField):
        return "Yes" if texts else "No"
    labels = dict(_choices(bound.field))
    words = [labels.get(text) or _in_words(bound.field, text) for text in texts]
    return ", ".join(words) or "-"


def _in_words(field: forms.Field, text: str) -> str:
    if not isinstance(field, forms.DateField):
        return text
    try:
        day: date | None = field.to_python(text)
    except forms.ValidationError:
        return text
    return absolute(day) if day else text


def _choices(field: forms.Field) -> Iterable[tuple[str, str]]:
    for value, label in getattr(field, "choices", ()):
        group = label if isinstance(label, list | tuple) else [(value, label)]
        yield from ((str(one), str(words)) for one, words in group)


def _initial(bound: BoundField) -> Texts:
    if isinstance(bound.field, forms.BooleanField):
        return ["on"] if bound.initial else []
    return _texts(bound.field.widget.format_value(bound.field.prepare_value(bound.initial)))


def _sent(bound: BoundField, sent: QueryDict) -> Texts:
    value = bound.field.widget.value_from_datadict(sent, {}, bound.html_name)
    return (["on"] if value else []) if isinstance(bound.field, forms.BooleanField) else _texts(value)


def _texts(value: Any) -> Texts:  # Any: what a widget makes of a value
    values = sorted(map(str, value)) if isinstance(value, list | tuple | set) else [str(value or "")]
    return [text for text in ("\n".join(one.splitlines()).strip() for one in values) if text]


def _read(text: str) -> Mapping[str, Texts]:
    try:
        opened = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(opened, dict):
        return {}
    return {name: [str(text) for text in texts] for name, texts in opened.items() if isinstance(texts, list)}
