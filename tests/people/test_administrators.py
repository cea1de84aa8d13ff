"""Who may come in: inviting, editing, switching off, and the last administrator."""

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import F
from django.utils import timezone

from msc.access import scope
from msc.access.actors import NOWHERE
from msc.access.models import User
from msc.access.roles import Role
from msc.errors import Conflict, DomainError
from msc.events.models import Event
from msc.mail.models import OutboxBody, OutboxMessage
from msc.people import services
from msc.people.invitations import accept_invitation
from msc.people.models import Invitation
from msc.people.people import HELD_DOMAIN, with_state
from tests import factories
from tests.cast import signed_in

pytestmark = pytest.mark.django_db
NEW = {"first_name": "Bob", "last_name": "Newcomer", "role": Role.READ_ONLY}


def _mail(to: str) -> OutboxBody:
    with scope.entered("worker"):
        return OutboxBody.objects.filter(message__to=to).latest("pk")


def _token(to: str) -> str:
    found = re.search(r"token=([0-9a-f]+)", _mail(to).text)
    assert found
    return found[1]


def test_an_invited_person_gets_a_link_and_comes_in_with_it(scoped, ada):
    person = services.invite_administrator(by=ada, msp=scoped, email="Bob@New.example", **NEW)
    assert not person.has_usable_password()
    assert with_state(User.objects.filter(pk=person.pk)).get().state == "invited"

    joined = accept_invitation(token=_token("bob@new.example"), password="a-long-enough-one", origin=NOWHERE)

    assert joined == person
    joined.refresh_from_db()
    assert joined.check_password("a-long-enough-one")
    assert joined.email == "bob@new.example"
    assert [event.action for event in Event.objects.for_object(person).order_by("pk")] == [
        "person.invited",
        "person.joined",
    ]


def test_the_token_is_kept_as_a_digest_only(scoped, ada):
    services.invite_administrator(by=ada, msp=scoped, email="bob@new.example", **NEW)
    token = _token("bob@new.example")
    assert Invitation.objects.get().digest != token
    assert len(Invitation.objects.get().digest) == 64


@pytest.mark.parametrize("change", ["used", "expired", "revoked", "unknown", "switched off", "closed"])
def test_a_link_that_is_not_open_lets_nobody_in(scoped, ada, change):
    person = services.invite_administrator(by=ada, msp=scoped, email="bob@new.example", **NEW)
    token = _token("bob@new.example")
    match change:
        case "used":
            accept_invitation(token=token, password="a-long-enough-one", origin=NOWHERE)
        case "expired":
            Invitation.objects.update(expires_at="2020-01-01T00:00:00Z")
        case "revoked":
            services.resend_invitation(by=ada, person=person)
        case "unknown":
            token = token[:-1] + ("0" if token[-1] != "0" else "1")
        case "switched off":
            User.objects.filter(pk=person.pk).update(is_active=False)
        case "closed":
            type(scoped).objects.filter(pk=scoped.pk).update(state="closed")
    with scope.entered("portal"), pytest.raises(DomainError):
        accept_invitation(token=token, password="another-long-one", origin=NOWHERE)


def test_an_address_in_use_elsewhere_is_told_to_its_owner_alone(scoped, ada, eve):
    person = services.invite_administrator(by=ada, msp=scoped, email=eve.email, **NEW)

    assert services.invited_address(person) == eve.email
    assert person.email.endswith(HELD_DOMAIN)
    assert "has an account" in _mail(eve.email).text
    assert "token=" not in _mail(eve.email).text
    events = [(event.action, event.object_label) for event in Event.objects.for_object(person)]
    assert events == [("person.invited", eve.email)]


def test_the_list_of_emails_shows_every_invitation_alike(scoped, ada, eve, sam):
    for address in (eve.email, sam.email, "bob@new.example"):
        services.invite_administrator(by=ada, msp=scoped, email=address, **NEW)
    rows = OutboxMessage.objects.filter(msp=scoped).order_by("pk").values_list("to", "kind", "state", "attempts")
    assert list(rows) == [
        (address, "person.invited", "queued", 0) for address in (eve.email, sam.email, "bob@new.example")
    ]
    lives = OutboxMessage.objects.filter(msp=scoped).annotate(life=F("expires_at") - F("created_at"))
    assert len(set(lives.values_list("life", flat=True))) == 1
    page = signed_in(ada).get("/events/emails/").content.decode()
    assert [page.count(address) for address in (eve.email, sam.email, "bob@new.example")] == [
        page.count("bob@new.example")
    ] * 3


def test_an_address_is_invited_three_times_an_hour(scoped, ada, eve, time_machine):
    person = services.invite_administrator(by=ada, msp=scoped, email=eve.email, **NEW)
    services.resend_invitation(by=ada, person=person)
    services.resend_invitation(by=ada, person=person)
    browser = signed_in(ada)
    response = browser.post(f"/settings/administrators/{person.pk}/reinvite/")
    assert response.status_code == 422
    sentence = f"3 invitations to {eve.email} were sent within the last hour. Wait 60 minutes before you send another."
    assert sentence in response.content.decode()
    assert OutboxMessage.objects.filter(to=eve.email).count() == 3
    assert Invitation.objects.open().filter(person=person).count() == 1
    time_machine.move_to(timezone.now() + timedelta(minutes=61))
    services.resend_invitation(by=ada, person=person)
    assert OutboxMessage.objects.filter(to=eve.email).count() == 4


def test_a_password_reset_is_sent_three_times_an_hour(scoped, ada, rita, tom, time_machine):
    browser, path = signed_in(ada), f"/settings/administrators/{rita.pk}/reset/"
    resets = OutboxMessage.objects.filter(kind="password.reset")
    assert [browser.post(path).status_code for _ in range(3)] == [302] * 3
    response = browser.post(path)
    assert response.status_code == 422
    assert (
        f"3 password resets to {rita.email} were sent within the last hour. Wait 60 minutes before you send another."
        in response.content.decode()
    )
    assert resets.filter(to=rita.email).count() == 3
    assert browser.post(f"/settings/administrators/{tom.pk}/reset/").status_code == 302
    time_machine.move_to(timezone.now() + timedelta(minutes=61))
    services.send_password_reset(by=ada, person=rita)
    assert resets.filter(to=rita.email).count() == 4


def test_an_msp_sends_sixty_invitations_an_hour(scoped, ada, time_machine):
    for number in range(services.MOST_FROM_MSP):
        services.invite_administrator(by=ada, msp=scoped, email=f"bob{number}@new.example", **NEW)
    time_machine.move_to(timezone.now() + timedelta(minutes=59, seconds=30))
    with pytest.raises(DomainError, match=r"60 invitations of Northwind were sent .* Wait 1 minute before"):
        services.invite_administrator(by=ada, msp=scoped, email="one-more@new.example", **NEW)


def test_whoever_holds_an_address_without_having_come_gives_way_to_its_owner(scoped, ada, eve, eastgate):
    with scope.entered("portal", msp=eastgate.pk):
        squatter = services.invite_administrator(by=eve, msp=eastgate, email="bob@new.example", **NEW)
    person = services.invite_administrator(by=ada, msp=scoped, email="bob@new.example", **NEW)

    accept_invitation(token=_token("bob@new.example"), password="a-long-enough-one", origin=NOWHERE)

    person.refresh_from_db()
    assert person.email == "bob@new.example"
    with scope.entered("support"):
        squatter.refresh_from_db()
    assert squatter.email.endswith(HELD_DOMAIN)


@pytest.mark.parametrize("address", ["rita@northwind.example", " RITA@northwind.example "])
def test_an_address_of_the_msp_itself_is_refused(scoped, ada, rita, address):
    with pytest.raises(DomainError) as refusal:
        services.invite_administrator(by=ada, msp=scoped, email=address, **NEW)
    assert refusal.value.field == "email"


def test_inviting_an_address_elsewhere_twice_is_refused_as_any_other(scoped, ada, eve):
    services.invite_administrator(by=ada, msp=scoped, email=eve.email, **NEW)
    with pytest.raises(DomainError):
        services.invite_administrator(by=ada, msp=scoped, email=eve.email, **NEW)


def test_support_staff_cannot_be_appointed(scoped, ada):
    with pytest.raises(DomainError):
        services.invite_administrator(by=ada, msp=scoped, email="b@new.example", **{**NEW, "role": Role.SUPPORT})


def _edit(by: User, person: User, **changes: object) -> User:
    fields = {"first_name": person.first_name, "last_name": person.last_name, "phone": "", "role": person.role}
    return services.edit_administrator(by=by, person=person, version=person.version, **{**fields, **changes})


def test_an_edit_leaves_before_and_after(scoped, ada, rita):
    _edit(ada, rita, first_name="Margarita", role=Role.MSP_ADMIN)
    event = Event.objects.for_object(rita).get()
    assert event.action == "person.role_changed"
    assert event.changes == {
        "First name": ["Rita", "Margarita"],
        "Role": ["Read-only administrator", "MSP administrator"],
    }
    assert event.actor_id == ada.pk


def test_a_stale_edit_tells_what_changed_and_by_whom(scoped, ada, rita):
    stale = User.objects.get(pk=rita.pk)
    _edit(ada, rita, first_name="Margarita")
    with pytest.raises(Conflict) as conflict:
        _edit(ada, stale, first_name="Rosa")
    assert conflict.value.by == "Ada Arnold"


def test_a_foreign_person_does_not_exist(scoped, ada, eve):
    with pytest.raises(User.DoesNotExist):
        _edit(ada, eve, first_name="Mallory")


@pytest.mark.parametrize("role", [Role.TENANT_ADMIN, Role.READ_ONLY])
def test_the_last_administrator_keeps_the_role(scoped, ada, role):
    with pytest.raises(DomainError, match="last MSP administrator"):
        _edit(ada, ada, role=role)


def test_the_last_administrator_who_came_in_counts_not_one_who_was_only_invited(scoped, ada):
    services.invite_administrator(by=ada, msp=scoped, email="b@new.example", **{**NEW, "role": Role.MSP_ADMIN})
    with pytest.raises(DomainError, match="last MSP administrator"):
        _edit(ada, ada, role=Role.READ_ONLY)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_user SET is_active = false WHERE id = %s",
        "UPDATE access_user SET role = 'read_only' WHERE id = %s",
    ],
)
@pytest.mark.parametrize("role", ["portal", "worker"])
def test_the_database_keeps_the_last_administrator_too(scoped, ada, statement, role):
    with (
        scope.entered(role, msp=scoped.pk),
        pytest.raises(IntegrityError, match="last administrator"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, [ada.pk])


def test_the_database_role_of_support_staff_changes_no_administrator(scoped, ada):
    with scope.entered("support"), connection.cursor() as cursor:
        cursor.execute("UPDATE access_user SET is_active = false WHERE id = %s", [ada.pk])
        assert cursor.rowcount == 0
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute("UPDATE access_user SET role = 'read_only' WHERE id = %s", [ada.pk])


def test_a_person_with_customers_keeps_the_role_until_they_are_taken_away(scoped, ada, tom, harbour):
    with pytest.raises(DomainError, match="in charge of customers"):
        _edit(ada, tom, role=Role.READ_ONLY)


def test_nobody_switches_themselves_off(scoped, ada):
    factories.make_person(scoped)
    with pytest.raises(DomainError, match="your own account"):
        services.deactivate_administrator(by=ada, person=ada)


def test_switching_off_and_on(scoped, ada, rita):
    services.deactivate_administrator(by=ada, person=rita)
    assert not User.objects.get(pk=rita.pk).is_active
    services.reactivate_administrator(by=ada, person=rita)
    assert User.objects.get(pk=rita.pk).is_active
    actions = [event.action for event in Event.objects.for_object(rita).order_by("pk")]
    assert actions == ["person.deactivated", "person.reactivated"]
