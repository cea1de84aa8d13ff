"""Sign-in through an MSP's identity provider, which runs as a process of its own."""

import re
import socket
import threading
import time
from html import unescape
from urllib.parse import urlsplit

import pytest
import requests
from allauth.core.context import request_context
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory

from msc.access import scope
from msc.access.models import Msp, MspState, User
from msc.people.models import SingleSignOn
from msc.people.sso import network
from msc.people.sso.adapter import ProviderAdapter
from tests.people.identity_provider import SECRET
from tests.people.providing import claims, issuer, says, set_up
from tests.people.signing_in import app_code, events, give_app, is_signed_in, mails, session_of, sign_in
from tests.setup.processes import eventually

__all__ = ["issuer"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def oidc(northwind: Msp, issuer: str) -> SingleSignOn:
    return set_up(northwind, issuer)


@pytest.fixture
def saml(northwind: Msp, issuer: str) -> SingleSignOn:
    certificate = requests.get(f"{issuer}/certificate", timeout=5).text
    bare = "".join(certificate.strip().splitlines()[1:-1])
    return set_up(
        northwind,
        f"{issuer}/entity",
        protocol=SingleSignOn.Protocol.SAML,
        sign_in_url=f"{issuer}/saml",
        certificate=bare,
        domains=["northwind.example"],
    )


def _page(provider: SingleSignOn) -> str:
    return f"/sign-in/{provider.msp.slug}/"


def _leave(client: Client, provider: SingleSignOn, **data: str) -> str:
    response = client.post(_page(provider), data)
    assert response.status_code == 200
    return unescape(re.search(r'<a class="btn btn-primary w-100" href="([^"]+)"', response.content.decode()).group(1))


def _by_oidc(client: Client, provider: SingleSignOn, **data: str):
    journey = requests.get(_leave(client, provider, **data), allow_redirects=False, timeout=5)
    back = urlsplit(journey.headers["Location"])
    assert f"{back.scheme}://{back.netloc}" == "http://localhost:8000"
    return client.get(f"{back.path}?{back.query}")


def _by_saml(client: Client, provider: SingleSignOn):
    sent = requests.get(_leave(client, provider), timeout=5).json()
    response = client.post(urlsplit(sent["acs"]).path, {"SAMLResponse": sent["SAMLResponse"]})
    return client.get(response.url) if response.status_code == 302 else response


def _accounts(msp: Msp) -> list[tuple[int, str]]:
    with scope.entered("portal", msp=msp.pk):
        return list(SocialAccount.objects.values_list("user_id", "uid"))


def _people(msp: Msp) -> int:
    with scope.entered("portal", msp=msp.pk):
        return User.objects.count()


def test_the_page_names_the_msp_and_leaves_no_session(client, oidc):
    response = client.get(_page(oidc))
    assert "Sign in through Northwind ID" in response.content.decode()
    with scope.entered("portal"):
        assert Session.objects.count() == 0


def test_a_provider_answers_in_its_own_language_only(client, oidc):
    for page in ("saml/metadata/", "saml/finish/"):
        assert client.get(_page(oidc) + page).status_code == 404
    assert client.post(f"{_page(oidc)}saml/acs/").status_code == 404


def test_saml_has_no_callback_of_the_other_language(client, saml):
    assert client.get(f"{_page(saml)}callback/").status_code == 404


@pytest.mark.parametrize("slug", ["nobody", "northwind2"])
def test_an_msp_without_a_provider_has_no_page(client, oidc, slug):
    assert client.get(f"/sign-in/{slug}/").status_code == 404
    assert client.get(f"/sign-in/{slug}/callback/").status_code == 404
    assert client.post(f"/sign-in/{slug}/saml/acs/").status_code == 404
    assert client.get(f"/sign-in/{slug}/saml/metadata/").status_code == 404


def test_a_provider_that_is_off_and_a_closed_msp_have_no_page(client, oidc):
    with scope.entered("portal", msp=oidc.msp_id):
        SingleSignOn.objects.update(is_on=False)
    assert client.get(_page(oidc)).status_code == 404
    with scope.entered("portal", msp=oidc.msp_id):
        SingleSignOn.objects.update(is_on=True)
    with scope.entered("support"):
        Msp.objects.filter(pk=oidc.msp_id).update(state=MspState.CLOSED)
    assert client.get(_page(oidc)).status_code == 404


def test_an_invited_person_signs_in_without_password_and_code(client, oidc, issuer, ada):
    says(issuer, claims=claims(ada.email))
    response = _by_oidc(client, oidc, next="/profile/")
    assert (response.status_code, response.url) == (302, "/profile/")
    assert is_signed_in(client)
    assert client.get("/profile/").status_code == 200
    assert [event.detail for event in events("session.opened")] == [{"method": "single sign-on"}]
    assert _accounts(oidc.msp) == [(ada.pk, "subject-1")]
    assert mails("session.code") == []
    assert [mail.to for mail in mails("person.noticed")] == [ada.email]


def test_the_journey_uses_state_and_proof_key(client, oidc, issuer, ada):
    address = _leave(client, oidc)
    for part in ("state=", "code_challenge=", "code_challenge_method=S256", "openid"):
        assert part in address
    assert SECRET not in address


def test_the_subject_is_remembered_when_the_address_changes(client, oidc, issuer, ada):
    says(issuer, claims=claims(ada.email))
    _by_oidc(Client(), oidc)
    says(issuer, claims=claims("ada.married@northwind.example", email_verified=False))
    _by_oidc(client, oidc)
    assert is_signed_in(client)


def test_nobody_is_created(client, oidc, issuer, ada):
    says(issuer, claims=claims("stranger@northwind.example"))
    response = _by_oidc(client, oidc)
    assert response.status_code == 403
    assert "nobody has invited you" in response.content.decode()
    assert _people(oidc.msp) == 1
    assert _accounts(oidc.msp) == []
    assert [event.msp_id for event in events("session.refused")] == [oidc.msp_id]


def test_an_unverified_address_links_nobody(client, oidc, issuer, ada):
    for said in (claims(ada.email, email_verified=False), {"sub": "x", "email": ada.email}):
        says(issuer, claims=said)
        assert _by_oidc(client, oidc).status_code == 403
    assert not is_signed_in(client)
    assert _accounts(oidc.msp) == []


def test_a_domain_that_the_provider_answers_for_needs_no_mark(client, northwind, issuer, ada):
    provider = set_up(northwind, issuer, domains=["northwind.example"])
    says(issuer, claims={"sub": "x", "email": ada.email})
    _by_oidc(client, provider)
    assert is_signed_in(client)


def test_a_provider_reaches_nobody_of_another_msp(client, oidc, issuer, eve, sam):
    for person in (eve, sam):
        says(issuer, claims=claims(person.email))
        assert _by_oidc(client, oidc).status_code == 403
    assert not is_signed_in(client)


def test_somebody_who_was_switched_off_is_refused(client, oidc, issuer, rita):
    says(issuer, claims=claims(rita.email))
    _by_oidc(Client(), oidc)
    with scope.entered("portal", msp=rita.msp_id):
        User.objects.filter(pk=rita.pk).update(is_active=False)
    response = _by_oidc(client, oidc)
    assert (response.status_code, response.url) == (302, "/account/refused/")
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "misbehaviour",
    [
        {"other_key": True},
        {"algorithm": "none"},
        {"no_token": True},
        {"denies": True},
        {"state": "made-up"},
        {"claims": {"iss": "http://evil.example"}},
        {"claims": {"aud": "another-client"}},
        {"claims": {"exp": 1}},
        {"claims": {"sub": None}},
    ],
)
def test_what_the_provider_did_not_sign_for_us_is_refused(client, oidc, issuer, ada, misbehaviour):
    says(issuer, **{**misbehaviour, "claims": {**claims(ada.email), **misbehaviour.get("claims", {})}})
    response = _by_oidc(client, oidc)
    assert response.status_code == 403
    assert not is_signed_in(client)
    assert [event.detail["reason"] for event in events("session.refused")] == ["single sign-on failed"]


def test_an_answer_is_of_use_in_its_own_browser_and_once(client, oidc, issuer, ada):
    says(issuer, claims=claims(ada.email))
    back = urlsplit(requests.get(_leave(client, oidc), allow_redirects=False, timeout=5).headers["Location"])
    address = f"{back.path}?{back.query}"
    assert Client().get(address).status_code == 403
    assert client.get(address).status_code == 302
    client.post("/account/sign-out/")
    assert client.get(address).status_code == 403


def test_a_provider_that_is_down_is_told(client, oidc, issuer):
    says(issuer, down=True)
    assert client.post(_page(oidc)).status_code == 403


@pytest.mark.parametrize("page", ["/.well-known/openid-configuration", "/token", "/keys"])
def test_a_provider_that_drips_is_left(client, settings, oidc, issuer, ada, page):
    settings.MSC_SSO_SECONDS = 1
    says(issuer, claims=claims(ada.email), drips=page)
    # Without an end of its own this would not come back: no single read takes long.
    response = client.post(_page(oidc)) if "well-known" in page else _by_oidc(client, oidc)
    assert response.status_code == 403
    assert eventually(lambda: {"left": page} in requests.get(f"{issuer}/seen", timeout=5).json())
    assert not is_signed_in(client)


def test_all_answers_of_a_provider_share_the_time_of_a_request(settings):
    settings.MSC_SSO_SECONDS = 1
    with request_context(RequestFactory().get("/")):
        first, second = ProviderAdapter().get_requests_session(), ProviderAdapter().get_requests_session()
    assert first.ends_at == second.ends_at


def test_a_name_that_is_never_found_holds_nobody_up():
    never = threading.Event()
    with pytest.raises(network.TooSlow):
        network.within(0.2, never.wait)
    never.set()


def test_slow_providers_leave_threads_for_everybody_else():
    answer = threading.Event()
    waiting = [threading.Thread(target=network.within, args=(60, answer.wait)) for _ in range(network.MOST_WAITING)]
    for thread in waiting:
        thread.start()
    assert eventually(lambda: not network._waiting._value)
    with pytest.raises(network.TooSlow, match="Too many"):
        network.within(60, answer.wait)
    answer.set()
    for thread in waiting:
        thread.join()
    assert network.within(60, lambda: "again") == "again"


def test_a_provider_that_never_stops_talking_is_left(issuer):
    says(issuer, floods=True)
    with network.OutsideSession(time.monotonic() + 60) as session, pytest.raises(network.TooLarge):
        session.get(f"{issuer}/keys")


def test_a_person_with_an_own_factor_is_asked_for_it(client, oidc, issuer, ada):
    seed = give_app(ada)
    says(issuer, claims=claims(ada.email))
    assert _by_oidc(client, oidc).url == "/account/second-factor/"
    assert not is_signed_in(client)
    assert ada.password not in repr(session_of(client))
    client.post("/account/second-factor/", {"code": app_code(seed)})
    client.post("/account/trust/", {"action": ""})
    assert is_signed_in(client)


def test_a_saml_provider_that_is_wronglyset_up_is_told(client, northwind):
    saml = SingleSignOn.Protocol.SAML
    provider = set_up(northwind, "x", protocol=saml, sign_in_url="https://", certificate="MIIB", domains=["a.example"])
    assert client.post(_page(provider)).status_code == 403
    assert client.get(f"{_page(provider)}saml/finish/").status_code == 403


def test_saml_signs_an_invited_person_in(client, saml, issuer, ada):
    says(issuer, email=ada.email)
    response = _by_saml(client, saml)
    assert (response.status_code, response.url) == (302, "/")
    assert is_signed_in(client)
    assert _accounts(saml.msp) == [(ada.pk, "subject-1")]


@pytest.mark.parametrize(
    "misbehaviour",
    [
        {"unsigned": True},
        {"other_key": True},
        {"issuer": "http://evil.example"},
        {"audience": "http://another.example"},
        {"minutes": -10},
        {"request": "ONELOGIN_made_up"},
        {"changed_after_signing": "rita@northwind.example"},
        {"email": "stranger@northwind.example"},
        {"email": "ada@elsewhere.example"},
    ],
)
@pytest.mark.usefixtures("rita")
def test_saml_refuses_what_was_not_signed_for_us(client, saml, issuer, ada, misbehaviour):
    says(issuer, **{"email": ada.email, **misbehaviour})
    assert _by_saml(client, saml).status_code == 403
    assert not is_signed_in(client)


def test_saml_answers_are_taken_once(client, saml, issuer, ada):
    says(issuer, email=ada.email)
    sent = requests.get(_leave(client, saml), timeout=5).json()
    acs = urlsplit(sent["acs"]).path
    assert client.get(client.post(acs, sent).url).status_code == 302
    client.post("/account/sign-out/")
    assert client.get(client.post(acs, sent).url).status_code == 403


@pytest.mark.parametrize("sent", ["", "rubbish", "PGE+", "PCFET0NUWVBFIHg+", "x" * 250_000])
def test_saml_rubbish_is_refused_without_an_error(client, saml, sent):
    response = client.post(f"/sign-in/{saml.msp.slug}/saml/acs/", {"SAMLResponse": sent})
    final = client.get(response.url) if response.status_code == 302 else response
    assert final.status_code in (400, 403)
    assert not is_signed_in(client)


def test_the_metadata_say_who_we_are(client, saml):
    text = client.get(f"/sign-in/{saml.msp.slug}/saml/metadata/").content.decode()
    assert f"http://localhost:8000/sign-in/{saml.msp.slug}/saml/metadata/" in text
    assert 'WantAssertionsSigned="true"' in text


SETTINGS = "/settings/sign-in/"
GOOD = {
    "is_on": "on",
    "label": "Northwind ID",
    "protocol": "oidc",
    "issuer": "https://id.northwind.example",
    "client_id": "portal",
    "secret": "a-secret-of-1234",
    "domains": "northwind.example, Northwind.Example",
    "version": "0",
}


def test_an_administrator_sets_it_up_and_the_secret_is_not_shown_again(client, ada):
    sign_in(client, ada)
    assert client.get(SETTINGS).status_code == 200
    assert client.post(SETTINGS, GOOD).status_code == 302
    page = client.get(SETTINGS).content.decode()
    assert "https://id.northwind.example" in page
    assert "a-secret-of-1234" not in page
    with scope.entered("portal", msp=ada.msp_id):
        stored = SingleSignOn.objects.get()
    assert "a-secret-of-1234" not in stored.sealed_secret
    assert stored.domains == ["northwind.example"]
    (event,) = events("msp.edited")
    assert "a-secret-of-1234" not in repr((event.changes, event.detail))
    assert event.changes["Client secret"] == ["", "replaced"]
    assert client.post(SETTINGS, {**GOOD, "secret": "", "label": "ID", "version": "1"}).status_code == 302
    with scope.entered("portal", msp=ada.msp_id):
        assert SingleSignOn.objects.get().sealed_secret == stored.sealed_secret


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"secret": ""}, "needed before single sign-on"),
        ({"issuer": "ftp://id.example"}, "begins with https://"),
        ({"domains": "not a domain!"}, "is not a domain"),
        ({"protocol": "saml"}, "needed before single sign-on"),
        ({"protocol": "saml", "certificate": "rubbish"}, "not a certificate"),
        ({"protocol": "ldap"}, "“ldap” cannot be chosen. Choose from the list."),
        ({"version": "7"}, "changed this while"),
    ],
)
def test_what_cannot_work_is_refused_beside_its_field(client, ada, change, sentence):
    sign_in(client, ada)
    response = client.post(SETTINGS, {**GOOD, **change})
    assert response.status_code in (409, 422)
    assert sentence in response.content.decode()
    with scope.entered("portal", msp=ada.msp_id):
        assert not SingleSignOn.objects.exists()


@pytest.mark.parametrize("name", ["tom", "rita", "sam"])
def test_only_administrators_set_it_up(client, request, name):
    sign_in(client, request.getfixturevalue(name))
    assert client.get(SETTINGS).status_code == 403
    assert client.post(SETTINGS, GOOD).status_code == 403


def test_another_msps_provider_is_out_of_sight(client, oidc, eve):
    sign_in(client, eve)
    assert "Northwind ID" not in client.get(SETTINGS).content.decode()


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/x",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::1]/",
        "http://a.example/",
    ],
)
def test_a_provider_in_a_private_network_is_not_asked(settings, url):
    settings.MSC_SSO_PRIVATE_NETWORK = False
    with pytest.raises(network.PrivateAddress):
        network.OutsideSession(time.monotonic() + 60).get(url)


def test_a_name_that_leads_elsewhere_at_the_second_look_up_is_not_followed(settings, monkeypatch):
    settings.MSC_SSO_PRIVATE_NETWORK = False
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    found = iter(["8.8.8.8"])

    def resolve(host, port, *args, **kwargs):
        address = next(found, "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)  # the name server of an attacker
    url = f"https://id.attacker.example:{listener.getsockname()[1]}/"
    with listener:
        with pytest.raises(requests.RequestException, match="in a private network"):
            network.OutsideSession(time.monotonic() + 60).get(url)
        assert next(found, None) is None
        with pytest.raises(BlockingIOError):
            listener.accept()
