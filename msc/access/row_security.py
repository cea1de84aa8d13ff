"""Row-level security: which table belongs to whom, and the migration operations that make PostgreSQL hold to it.

Every table of the database stands in SCOPED or in OUTSIDE; the tests fail on one that stands in neither.
The roles (made by `roles.sql`): `msc_owner` owns the tables and migrates; `msc_login` connects and may do nothing
until a transaction takes one of

* `msc_portal`  the portal's pages and API: the rows of the MSP in `app.msp`
* `msc_support` Django admin: tables without real names, addresses, phones and contacts
* `msc_worker`  background tasks: claim tables of all MSPs, everything else of the MSP in `app.msp`
"""

from typing import Literal

from django.db.migrations import RunSQL

# An unset or emptied setting is '' or NULL: both become NULL here, and NULL shows no row.
MSP = "nullif(current_setting('app.msp', true), '')::bigint"
PERSON = "nullif(current_setting('app.person', true), '')::bigint"
EMAIL = "nullif(current_setting('app.email', true), '')"
CREDENTIAL = "nullif(current_setting('app.credential', true), '')"

SLUG = "nullif(current_setting('app.slug', true), '')"

Rights = Literal["none", "select", "append", "update", "write", "all"]
_GRANTS: dict[Rights, str] = {
    "select": "SELECT",
    "append": "SELECT, INSERT",
    "update": "SELECT, UPDATE",
    "write": "SELECT, INSERT, UPDATE",
    "all": "SELECT, INSERT, UPDATE, DELETE",
}

#: Tables whose rows belong to an MSP, and the column that says to which; `via user` belongs to a person of one.
SCOPED: dict[str, str] = {
    "account_emailaddress": "via user",
    "mfa_authenticator": "via user",
    "usersessions_usersession": "via user",
    "socialaccount_socialaccount": "via user",
    "access_msp": "id",
    "access_user": "msp_id",
    "events_event": "msp_id",
    "events_eventdetail": "msp_id",
    "mail_outboxmessage": "msp_id",
    "mail_outboxbody": "msp_id",
    "pages_tablepreference": "msp_id",
    "pages_submission": "msp_id",
    "people_invitation": "msp_id",
    "people_apicredential": "msp_id",
    "people_singlesignon": "msp_id",
    "serviceplans_offeredproduct": "msp_id",
    "serviceplans_offeredregion": "msp_id",
    "serviceplans_serviceplan": "msp_id",
    "serviceplans_planproduct": "msp_id",
    "customers_customer": "msp_id",
    "customers_customeridentity": "msp_id",
    "customers_contact": "msp_id",
    "customers_assignment": "msp_id",
    "customers_customersummary": "msp_id",
    "customers_customertally": "msp_id",
    "customers_customerimport": "msp_id",
    "customers_importline": "msp_id",
    "tenants_tenant": "msp_id",
    "tenants_tenantregion": "msp_id",
    "tenants_tenantworkload": "msp_id",
    "tenants_quotaperiod": "msp_id",
    "health_datasource": "msp_id",
    "health_run": "msp_id",
    "health_usagerecord": "msp_id",
    "health_dirtyday": "msp_id",
    "health_tenantday": "msp_id",
    "health_tenantmonth": "msp_id",
    "health_mspday": "msp_id",
    "health_tenanthealth": "msp_id",
    "health_rollupstate": "msp_id",
    "health_alert": "msp_id",
    "health_alertsubscription": "msp_id",
    "health_refusedrecord": "msp_id",
}

#: Tables that belong to no MSP, each with the reason why it may stand outside.
OUTSIDE: dict[str, str] = {
    "django_migrations": "names of migrations; only the owner writes it",
    "django_content_type": "names of models; no row of anybody",
    "django_session": "found by an unguessable key alone; holds ids, no names",
    "django_admin_log": "what support staff did in Django admin; labels are account names",
    "account_emailconfirmation": "unused: confirmations are signed links; nobody has a right on it",
    "socialaccount_socialapp": "unused: sign-in settings of an MSP stand in a table of their own; nobody has a right",
    "socialaccount_socialtoken": "unused: no token of an identity provider is kept; nobody has a right on it",
    "auth_permission": "names of model permissions; no row of anybody",
    "auth_group": "unused by the portal, always empty",
    "auth_group_permissions": "unused by the portal, always empty",
    "serviceplans_storageregion": "the catalogue of the whole installation; no row of anybody",
    "mail_sendinghost": "boots of the machines that send e-mail; workers only",
    "operations_heartbeat": "when beat and worker last ran; no row of anybody",
    "msc_cache": "counters of the rate limits under hashed keys",
}


def _policy(table: str, role: str, condition: str, check: str | None = None) -> str:
    return f"CREATE POLICY {role}_rows ON {table} TO msc_{role} USING ({condition}) WITH CHECK ({check or condition});"


def _grant(table: str, role: str, rights: Rights) -> str:
    return "" if rights == "none" else f"GRANT {_GRANTS[rights]} ON {table} TO msc_{role};"


def protect(
    table: str,
    *,
    column: str = "msp_id",
    portal: Rights = "all",
    worker: Rights = "all",
    support: Rights = "none",
    worker_sees: Literal["own", "every"] = "own",
    portal_condition: str | None = None,
    portal_check: str | None = None,
) -> RunSQL:
    """Return the operation that lets each role see only what is its own in a table that belongs to an MSP.

    `worker_sees="every"` is for tables that a task claims from before it knows whose row it gets.
    `portal_condition` widens the rule for what must be read before an MSP is known.
    """
    own = f"{column} = {MSP}"
    forward = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;",
        _policy(table, "portal", portal_condition or own, portal_check),
        _policy(table, "worker", "true" if worker_sees == "every" else own),
        _grant(table, "portal", portal),
        _grant(table, "worker", worker),
    ]
    if support != "none":
        forward += [_policy(table, "support", "true"), _grant(table, "support", support)]
    return RunSQL("\n".join(forward), _undo(table))


def protect_through_person(table: str, *, column: str = "user_id", portal: Rights = "all") -> RunSQL:
    """Return the operation for a table of a person's sign-in: seen where the person is seen."""
    seen = f"EXISTS (SELECT 1 FROM access_user p WHERE p.id = {table}.{column})"
    forward = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;",
        *(_policy(table, role, seen) for role in ("portal", "worker", "support")),
        _grant(table, "portal", portal),
        _grant(table, "worker", portal),
        _grant(table, "support", portal),
    ]
    return RunSQL("\n".join(forward), _undo(table))


def open_to_all(table: str, *, portal: Rights = "all", worker: Rights = "all", support: Rights = "all") -> RunSQL:
    """Return the operation that grants the roles a table which belongs to no MSP (it must stand in OUTSIDE)."""
    grants = [_grant(table, "portal", portal), _grant(table, "worker", worker), _grant(table, "support", support)]
    return RunSQL("\n".join(grants), f"REVOKE ALL ON {table} FROM msc_portal, msc_worker, msc_support;")


def fix_search_path(*functions: str) -> RunSQL:
    """Return the operation that makes functions of the owner look into the caller's temporary schema last.

    PostgreSQL looks there first unless a search_path names it: a caller's own type could then run code as the owner.
    """
    forward = [f"ALTER FUNCTION {name} SET search_path = pg_catalog, public, pg_temp;" for name in functions]
    return RunSQL("\n".join(forward), RunSQL.noop)


def _undo(table: str) -> str:
    drops = [f"DROP POLICY IF EXISTS {role}_rows ON {table};" for role in ("portal", "worker", "support")]
    return "\n".join(
        [
            *drops,
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;",
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;",
            f"REVOKE ALL ON {table} FROM msc_portal, msc_worker, msc_support;",
        ]
    )
