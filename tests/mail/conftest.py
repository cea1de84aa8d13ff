"""A real mail server in a process of its own, and an outbox to fill."""

import pytest
from django.conf import settings

from chaos import sink as sinks
from msc.access import scope
from msc.mail import outbox
from msc.mail.models import OutboxMessage


@pytest.fixture
def sink(tmp_path, monkeypatch):
    with sinks.running(tmp_path) as running:
        monkeypatch.setattr(settings, "EMAIL_URL", running.url)
        yield running


@pytest.fixture
def templates(tmp_path, settings):
    """Templates of an e-mail named `trial`, beside the portal's own."""
    folder = tmp_path / "templates" / "emails" / "trial"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("Customer {{ name }}\ncreated")
    (folder / "body.txt").write_text('{% extends "emails/base.txt" %}{% block content %}{{ name }}{% endblock %}')
    (folder / "body.html").write_text(
        '{% extends "emails/base.html" %}{% block content %}<p>{{ name }} <a class="button" href="{{ origin }}">Open</a></p>{% endblock %}'
    )
    setting = [{**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], tmp_path / "templates"]}]
    settings.TEMPLATES = setting


@pytest.fixture
def queue(templates):
    """Queue an e-mail named by its key, in a transaction of its own."""

    def put(key, to="ada@northwind.example", *, msp_id=None, kind="customer.created", name="Harbour", **more):
        with scope.entered("portal", msp=msp_id):
            outbox.queue(key=key, kind=kind, to=to, template="trial", context={"name": name}, msp_id=msp_id, **more)

    return put


@pytest.fixture
def message():
    """Read the row of a key as a worker sees it."""

    def read(key):
        with scope.entered("worker"):
            return OutboxMessage.objects.get(key=key)

    return read
