"""What holds when several people act at the same moment, on real transactions."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from msc.access import scope
from msc.access.actors import NOWHERE
from msc.access.models import Msp, User
from msc.access.roles import Role
from msc.errors import DomainError
from msc.mail.models import OutboxBody
from msc.people import services
from msc.people.invitations import accept_invitation
from msc.people.people import active_administrators
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def _at_once(acts: list[Callable[[], object]]) -> list[str]:
    """Run the acts at the same moment, each on a connection of its own; return "done" or the refusal of each."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        start.wait()
        try:
            act()
        except DomainError as error:
            return error.message
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def _demote(by: User, person: User, msp: Msp) -> None:
    with scope.entered("portal", msp=msp.pk):
        services.edit_administrator(
            by=by, person=person, version=1, first_name="A", last_name="B", phone="", role=Role.READ_ONLY
        )


@pytest.mark.parametrize("turn", range(5))
def test_two_administrators_cannot_remove_each_other(northwind, ada, turn):
    bob = factories.make_person(northwind, name="Bob Second")

    results = _at_once([lambda: _demote(ada, bob, northwind), lambda: _demote(bob, ada, northwind)])

    assert max(results) == "done"
    assert "last MSP administrator" in min(results)
    with scope.entered("portal", msp=northwind.pk):
        assert active_administrators(northwind.pk).count() == 1


def test_of_twenty_who_use_a_link_at_once_one_comes_in(northwind, ada):
    with scope.entered("portal", msp=northwind.pk):
        services.invite_administrator(
            by=ada, msp=northwind, email="bob@new.example", first_name="Bob", last_name="New", role=Role.READ_ONLY
        )
    with scope.entered("worker"):
        found = re.search(r"token=([0-9a-f]+)", OutboxBody.objects.get(message__to="bob@new.example").text)
    assert found

    def accept(number: int) -> None:
        with scope.entered("portal"):
            accept_invitation(token=found[1], password=f"a-long-password-{number}", origin=NOWHERE)

    results = _at_once([lambda number=number: accept(number) for number in range(20)])

    assert results.count("done") == 1
    with scope.entered("portal", msp=northwind.pk):
        winner = results.index("done")
        assert User.objects.get(email="bob@new.example").check_password(f"a-long-password-{winner}")


def test_two_msps_invite_the_same_stranger_at_once(northwind, ada, eastgate, eve):
    def invite(by: User, msp: Msp) -> None:
        with scope.entered("portal", msp=msp.pk):
            services.invite_administrator(
                by=by, msp=msp, email="bob@new.example", first_name="Bob", last_name="New", role=Role.READ_ONLY
            )

    assert _at_once([lambda: invite(ada, northwind), lambda: invite(eve, eastgate)]) == ["done", "done"]
