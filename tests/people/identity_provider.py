"""A small identity provider that speaks OpenID Connect and SAML; the tests run it as a process of its own.

`PUT /next` says whom it signs in next and how it misbehaves; the key pair is made when it starts.
"""

import base64
import hashlib
import json
import sys
import time
import uuid
import zlib
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from onelogin.saml2.utils import OneLogin_Saml2_Utils

CLIENT, SECRET = "portal", "the-provider-knows-this-secret"


def _pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp.example")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
CERTIFICATE, OTHER_CERTIFICATE = _certificate(KEY), _certificate(OTHER_KEY)
NEXT: dict[str, object] = {}
CODES: dict[str, dict[str, str]] = {}
SEEN: list[dict[str, str]] = []

RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{response}" Version="2.0" IssueInstant="{now}"
 Destination="{acs}" InResponseTo="{request}"><saml:Issuer>{issuer}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
{assertion}</samlp:Response>"""
ASSERTION = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{id}" Version="2.0"
 IssueInstant="{now}"><saml:Issuer>{issuer}</saml:Issuer><saml:Subject>
<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{subject}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData
 NotOnOrAfter="{later}" Recipient="{acs}" InResponseTo="{request}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{earlier}" NotOnOrAfter="{later}"><saml:AudienceRestriction>
<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{now}"><saml:AuthnContext><saml:AuthnContextClassRef>
urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement><saml:Attribute Name="email"><saml:AttributeValue>{email}</saml:AttributeValue>
</saml:Attribute></saml:AttributeStatement></saml:Assertion>"""


class Provider(BaseHTTPRequestHandler):
    """Answers as a provider does that everybody has signed in at already."""

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def log_message(self, *args: object) -> None:
        return

    def answer(self, body: object, status: int = 200, kind: str = "application/json", **headers: str) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        if NEXT.get("drips") == self.path:
            self.drip()
            return
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def drip(self) -> None:
        """Send a header that never ends, a byte now and then, until the other side goes away; note when it did."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            try:
                self.wfile.write(b"x")
            except OSError:
                SEEN.append({"left": self.path})
                return
            time.sleep(0.1)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_PUT(self) -> None:
        NEXT.clear()
        SEEN.clear()
        NEXT.update(json.loads(self.body()))
        self.answer({})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        pages = {
            "/.well-known/openid-configuration": self.configuration,
            "/keys": self.keys,
            "/authorize": self.authorize,
            "/saml": self.saml,
            "/certificate": lambda _: self.answer(CERTIFICATE, kind="text/plain"),
            "/seen": lambda _: self.answer(SEEN),
        }
        pages.get(parts.path, lambda _: self.answer({}, 404))(asked)

    def configuration(self, _: dict[str, str]) -> None:
        if NEXT.get("down"):
            self.answer("down", 503)
            return
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        known = {name: f"{self.issuer}/{page}" for name, page in names.items()}
        methods = ["client_secret_post"]
        self.answer({"issuer": self.issuer, **known, "token_endpoint_auth_methods_supported": methods})

    def keys(self, _: dict[str, str]) -> None:
        if NEXT.get("floods"):
            self.answer(" " * 2_000_000)
            return
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        self.answer({"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]})

    def authorize(self, asked: dict[str, str]) -> None:
        SEEN.append(asked)
        back = asked["redirect_uri"]
        if NEXT.get("denies"):
            query = {"error": "access_denied", "state": asked["state"]}
        else:
            code = uuid.uuid4().hex
            CODES[code] = asked
            query = {"code": code, "state": str(NEXT.get("state") or asked["state"])}
        self.answer("", 302, Location=f"{back}?{urlencode(query)}")

    def do_POST(self) -> None:
        sent = {name: values[0] for name, values in parse_qs(self.body().decode()).items()}
        asked = CODES.pop(sent.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        lawful = (
            asked is not None
            and sent.get("client_id") == CLIENT
            and sent.get("client_secret") == SECRET
            and sent.get("redirect_uri") == asked["redirect_uri"]
            and asked.get("code_challenge") == challenge.decode().rstrip("=")
        )
        if not lawful:
            self.answer({"error": "invalid_grant"}, 400)
            return
        answer = {"access_token": "unused", "token_type": "Bearer"}
        if not NEXT.get("no_token"):
            answer["id_token"] = self.token()
        self.answer(answer)

    def token(self) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, **NEXT.get("claims", {})}
        if NEXT.get("algorithm") == "none":
            return jwt.encode(claims, None, algorithm="none", headers={"kid": "one"})
        key = OTHER_KEY if NEXT.get("other_key") else KEY
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "one"})

    def saml(self, asked: dict[str, str]) -> None:
        request = ET.fromstring(zlib.decompress(base64.b64decode(asked["SAMLRequest"]), -15))
        acs = request.attrib["AssertionConsumerServiceURL"]
        now = datetime.now(UTC)
        form = "%Y-%m-%dT%H:%M:%SZ"
        facts = {
            "id": uuid.uuid4().hex,
            "response": uuid.uuid4().hex,
            "now": now.strftime(form),
            "earlier": (now - timedelta(minutes=5)).strftime(form),
            "later": (now + timedelta(minutes=float(NEXT.get("minutes", 5)))).strftime(form),
            "acs": acs,
            "request": str(NEXT.get("request") or request.attrib["ID"]),
            "issuer": str(NEXT.get("issuer") or f"{self.issuer}/entity"),
            "audience": str(NEXT.get("audience") or request.findtext("{*}Issuer")),
            "subject": escape(str(NEXT.get("subject", "subject-1"))),
            "email": escape(str(NEXT["email"])),
        }
        assertion = ASSERTION.format(**facts)
        if not NEXT.get("unsigned"):
            other = NEXT.get("other_key")
            key, certificate = (OTHER_KEY, OTHER_CERTIFICATE) if other else (KEY, CERTIFICATE)
            signed = OneLogin_Saml2_Utils.add_sign(assertion, _pem(key), certificate)
            assertion = signed.decode() if isinstance(signed, bytes) else signed
        if changed := NEXT.get("changed_after_signing"):
            assertion = assertion.replace(facts["email"], str(changed))
        xml = RESPONSE.format(**facts, assertion=assertion)
        self.answer({"acs": acs, "SAMLResponse": base64.b64encode(xml.encode()).decode()})


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
