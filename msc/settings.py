"""All settings of the portal, read from the environment; what is unsafe in production refuses to start.

`docs/operations.md` lists the variables.
"""

import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env, validate

from msc.logging import LEVELS, configuration

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("MSC_VAR", str(BASE_DIR / "var"))).resolve()

# -- What kind of installation this is ---------------------------------------------------------------------------
DEBUG = env.bool("MSC_DEBUG", False)
MSC_DEMO = env.bool("MSC_DEMO", False)
MSC_VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
MSC_HELP_URL = env.str("MSC_HELP_URL", "")
MSC_VENDOR_NAME = env.str("MSC_VENDOR_NAME", "Druva" if MSC_DEMO else "the vendor")
MSC_ORIGIN = env.str("MSC_ORIGIN", "http://localhost:8000").rstrip("/")
MSC_BIND = env.str("MSC_BIND", f"127.0.0.1:{env.str('PORT', '8000')}")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_origin(text: str) -> bool:
    """Tell whether the text is scheme, host and perhaps a port, and nothing else."""
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return False
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return parts.scheme in {"http", "https"} and bool(host) and text.lower() == f"{parts.scheme}://{host}{port}"


IS_HTTPS = MSC_ORIGIN.startswith("https://")
IS_LOCAL = _is_origin(MSC_ORIGIN) and _is_loopback(urlsplit(MSC_ORIGIN).hostname or "")
_LISTENS_LOCALLY = MSC_BIND.startswith("unix:") or _is_loopback(urlsplit(f"//{MSC_BIND}").hostname or "")
SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
ALLOWED_HOSTS = env.list("MSC_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [MSC_ORIGIN]

for unsafe, sentence in (
    (
        not _is_origin(MSC_ORIGIN),
        "MSC_ORIGIN must be https://, a host and perhaps a port, without a path: https://msc.example.",
    ),
    (not IS_HTTPS and not IS_LOCAL, "MSC_ORIGIN must begin with https:// (http is for localhost only)."),
    (DEBUG and not IS_LOCAL, "MSC_DEBUG must be off unless MSC_ORIGIN is on localhost."),
    (MSC_DEMO and not IS_LOCAL, "MSC_DEMO shows every e-mail to everybody: it is for localhost only."),
    (
        (DEBUG or MSC_DEMO) and not _LISTENS_LOCALLY,
        "With MSC_DEMO or MSC_DEBUG, MSC_BIND must be an address of this machine alone, such as 127.0.0.1:8000.",
    ),
    (len(SECRET_KEY) < 50, "SECRET_KEY must have at least 50 characters."),
    (any(len(key) < 50 for key in SECRET_KEY_FALLBACKS), "SECRET_KEY_FALLBACKS: each key has at least 50 characters."),
    ("*" in ALLOWED_HOSTS, "MSC_ALLOWED_HOSTS must name the portal's hosts, not *."),
):
    if unsafe:
        raise ImproperlyConfigured(sentence)

# -- The database: one server, three ways in ---------------------------------------------------------------------


def _database(url: str, **more: Any) -> dict[str, Any]:
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured("DATABASE_URL and MIGRATION_DATABASE_URL must begin with postgres://.")
    parsed: dict[str, Any] = {**dj_database_url.parse(url)}
    options = {
        **parsed.get("OPTIONS", {}),
        "server_side_binding": True,
        # Statements that a connection repeats are planned once. Off (0) behind a pooler that shares connections.
        "prepare_threshold": env.int("MSC_PREPARE_AFTER", 5, validate=validate.Range(min=0)) or None,
        "connect_timeout": 3,
    }
    return {**parsed, "OPTIONS": options, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, **more}


DATABASES = {
    # Requests and tasks: a login role that owns nothing and takes a role in each transaction.
    "default": _database(env.str("DATABASE_URL")),
    # The database cache counts outside the request's transaction, so that a refused request still counts.
    "cache": _database(env.str("DATABASE_URL"), TEST={"MIRROR": "default"}),
}
if MIGRATION_DATABASE_URL := env.str("MIGRATION_DATABASE_URL", ""):
    # Migrations: the owner of the tables. The web server and the workers are started without this variable.
    DATABASES["owner"] = _database(MIGRATION_DATABASE_URL, TEST={"MIRROR": "default"})
DATABASE_ROUTERS = ["msc.access.routers.CacheRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "msc_cache",
        # Django culls the counters of the rate limits beyond this number; its default of 300 would forget attackers.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# -- Applications ------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "csp",
    "django_cotton.apps.SimpleAppConfig",
    "django_filters",
    "django_htmx",
    "django_tables2",
    "drf_spectacular",
    "pgtrigger",
    "phonenumber_field",
    "rest_framework",
    "template_partials.apps.SimpleAppConfig",
    "msc.access",
    "msc.events",
    "msc.mail",
    "msc.operations",
    "msc.pages",
    "msc.people",
    "msc.demo",
    "serviceplans",
    "customers",
    "tenants",
    "health",
]

MIDDLEWARE = [
    "msc.logging.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "msc.access.middleware.ResponseHeaders",
    "msc.static_files.StaticFiles",
    "csp.middleware.CSPMiddleware",
    "msc.access.middleware.InputGate",
    "django.middleware.gzip.GZipMiddleware",
    "msc.access.middleware.RequestTransaction",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "msc.access.middleware.PersonScope",
    "msc.people.refusals.RefusalRecord",
    "msc.access.middleware.FormGate",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "msc.people.signin.sessions.SessionLimits",
    "django_htmx.middleware.HtmxMiddleware",
]
#: Paths that are answered without the database, a person or a session.
UNSCOPED_PATHS = ("/livez", "/readyz", "/metrics", "/static/")
#: Where support staff work; requests below it take the database role `msc_support`.
SUPPORT_PATH = "/support/"

ROOT_URLCONF = "msc.urls"
WSGI_APPLICATION = "msc.wsgi.application"
# The portal lies at the root of its host; a request's SCRIPT_NAME header changes nothing.
FORCE_SCRIPT_NAME = ""

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "template_partials.templatetags.partials"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# -- Sign-in (the flows themselves: msc/people) ------------------------------------------------------------------
AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = ["msc.people.backends.PortalBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "msc.people.signin.passwords.KnownWordsValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "msc.people.signin.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # addresses are confirmed by the invitation
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGIN_BY_CODE_REQUIRED = {"password"}
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "dashed": False, "length": 6}
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TRUST_ENABLED = True
ACCOUNT_FORMS = {
    "login": "msc.people.signin.forms.SignInForm",
    "confirm_login_code": "msc.people.signin.forms.CodeForm",
    "reset_password": "msc.people.signin.forms.AskForResetForm",
    "reset_password_from_key": "msc.people.signin.forms.ChoosePasswordForm",
    "user_token": "msc.people.signin.forms.ResetLinkForm",
    "change_password": "msc.people.signin.forms.ChangePasswordForm",
    "reauthenticate": "msc.people.signin.forms.PasswordAgainForm",
}
# Failures count per account and network (key) and per network (ip); `docs/decisions/0005` says why.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "5/15m/key,10/h/key,20/24h/key,20/15m/ip",
    "account_failed": "10/h/key",
    "lock_recorded": "1/15m/key",
    "code_sent": "10/h/key",
    "code_refused": "20/h/key",
    "reset_password": "20/h/ip,3/h/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
    "assertion": "30/m/ip",
    "single_sign_on": "30/m/ip",
}
PASSWORD_RESET_TIMEOUT = 60 * 60
MFA_ADAPTER = "msc.people.signin.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Managed Services Center"
MFA_TOTP_TOLERANCE = 1
MFA_TRUST_ENABLED = True
MFA_TRUST_COOKIE_AGE = 30 * 24 * 60 * 60
MFA_TRUST_COOKIE_NAME = "__Host-msc-trusted" if IS_HTTPS else "msc-trusted"
MFA_FORMS = {
    "authenticate": "msc.people.signin.forms.FactorForm",
    "authenticate_webauthn": "msc.people.signin.forms.FactorPasskeyForm",
    "reauthenticate": "msc.people.signin.forms.FactorAgainForm",
    "login_webauthn": "msc.people.signin.forms.PasskeyForm",
    "activate_totp": "msc.people.signin.forms.ActivateAppForm",
    "add_webauthn": "msc.people.signin.forms.AddPasskeyForm",
}
SOCIALACCOUNT_ADAPTER = "msc.people.sso.adapter.ProviderAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
# All that one web request asks of an identity provider must be answered by then.
MSC_SSO_SECONDS = env.int("MSC_SSO_SECONDS", 8, validate=validate.Range(min=1))
# An identity provider inside the own network is reached only when the operator says so.
MSC_SSO_PRIVATE_NETWORK = env.bool("MSC_SSO_PRIVATE_NETWORK", IS_LOCAL)
SESSION_IDLE_SECONDS = 4 * 60 * 60
SESSION_COOKIE_AGE = 24 * 60 * 60
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "__Host-msc-session" if IS_HTTPS else "msc-session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-msc-csrf" if IS_HTTPS else "msc-csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "msc.access.csrf.refused"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

# -- What the browser is told ------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
MSC_BEHIND_PROXY = env.bool("MSC_BEHIND_PROXY", False)
if MSC_BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "frame-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
    }
}
#: The most bytes that a request may carry, by the first prefix of its path that fits.
MSC_LARGEST_BODIES = (
    ("/api/v1/runs/", 64 * 1024 * 1024),  # what a backup tool printed, which is read as a stream
    ("/api/", 12 * 1024 * 1024),
    ("/customers/import/", 12 * 1024 * 1024),
    ("/", 1024 * 1024),
)
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024

# -- Language, time, static files --------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"
PHONENUMBER_DB_FORMAT = "E164"
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [path for path in (BASE_DIR / "static", BASE_DIR / "var" / "frontend") if path.exists()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if not DEBUG
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
DJANGO_TABLES2_TABLE_ATTRS: dict[str, str] = {}

# -- Logs (what may stand in them: msc/logging.py) ---------------------------------------------------------------
LOGGING = configuration(
    readable=DEBUG or MSC_DEMO, level=env.str("MSC_LOG_LEVEL", "INFO", validate=validate.OneOf(LEVELS))
)

# -- Health: how long runs are kept, how much a program may send ---------------------------------------------------
MSC_RUN_RETENTION_DAYS = env.int("MSC_RUN_RETENTION_DAYS", 400, validate=validate.Range(min=100))
MSC_API_CALLS_PER_MINUTE = env.int("MSC_API_CALLS_PER_MINUTE", 600, validate=validate.Range(min=1))

# -- Work outside requests ---------------------------------------------------------------------------------------
MSC_METRICS_TOKEN = env.str("MSC_METRICS_TOKEN", "")  # without one, /metrics answers this machine only
REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
#: Only a portal on localhost writes its emails into a folder by itself; msc/operations/checks.py refuses an empty one.
EMAIL_URL = env.str("EMAIL_URL", f"file://{quote(str(VAR_DIR / 'mail'))}" if IS_LOCAL else "")
MSC_MAIL_FROM = env.str("MSC_MAIL_FROM", "Managed Services Center <noreply@localhost>")
#: A callable that makes a product real in the backup service; the default is the portal's own ingest.
MSC_PROVISIONER = env.str("MSC_PROVISIONER", "tenants.provisioning.own_ingest")

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "health.problems.answer_of",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Managed Services Center API",
    "DESCRIPTION": "Send the results of backup jobs, read what the portal knows.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {"WorkloadEnum": "serviceplans.catalogue.Workload"},
}
