"""A whole portal broken under load, once each (the long form with its limits of time: make chaos)."""

import pytest

from chaos import web
from chaos.portal import running

SHORT = web.Size(rate=6, turns=1, kills=2, away=5)
CHOSEN = (web.valkey_frozen, web.postgresql_crashed, web.web_killed, web.web_upgraded, web.web_replaced)


@pytest.mark.timeout(600)
def test_nothing_is_lost_doubled_or_answered_rudely():
    with running() as portal:
        trials = web.Web(portal, SHORT)
        lines = [web.trial(trials, leniently(fault)) for fault in web.FAULTS if fault.commit in CHOSEN]
    assert len(lines) == len(CHOSEN)
    assert [str(line) for line in lines if not line.passed] == []


def leniently(fault):
    """Leave out what a busy machine decides: how soon PostgreSQL is back, and how much a killed process was doing."""
    return fault._replace(
        polite_for=fault.polite_for and 60,
        failures=web.any_number if fault.commit is web.web_killed else fault.failures,
        creates=fault.creates and 15,
    )
