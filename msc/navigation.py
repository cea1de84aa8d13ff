"""The menu and the tabs as plain data; it names pages by their URL names and imports none of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """An entry of the menu: shown to people who hold the permission."""

    label: str
    url_name: str
    needs: str
    icon: str


@dataclass(frozen=True)
class Tab:
    """A tab of an object's page; its URL takes the object's id."""

    label: str
    url_name: str
    needs: str


#: An entry is added in the change that adds its page.
MENU: tuple[Entry, ...] = (
    Entry("Customers", "customers:list", "customer.view", "building"),
    Entry("Alerts", "health:alerts", "alert.view", "bell"),
    Entry("Consumption", "health:consumption", "consumption.view", "chart-bar"),
    Entry("Service Plans", "serviceplans:list", "plan.view", "template"),
    Entry("Events", "people:events", "event.view", "history"),
    Entry("Settings", "people:settings", "settings.edit", "settings"),
)

#: Entries of the account menu, beside sign-out.
ACCOUNT: tuple[Entry, ...] = (Entry("Profile", "profile", "profile.edit", "user"),)

TABS: dict[str, tuple[Tab, ...]] = {
    "customer": (
        Tab("Summary", "customers:page", "customer.view"),
        Tab("Customer Health", "health:customer", "health.view"),
        Tab("History", "customers:history", "event.view"),
    ),
}

#: The panels of an object's page, top to bottom: functions `(user, object) -> Panel | None` by their dotted names, so
#: that an app can put its panel on the page of an app below it. None leaves the panel out.
PANELS: dict[str, tuple[str, ...]] = {
    "customer": (
        "health.panels.health",
        "customers.panels.account",
        "health.panels.consumption",
        "customers.panels.contacts",
        "tenants.panels.products",
    ),
    "tenant": (
        "tenants.panels.facts",
        "tenants.panels.workloads",
        "tenants.panels.quota_history",
        "health.panels.alerts",
        "health.panels.sources",
        "health.panels.usage",
        "tenants.panels.history",
    ),
    "plan": ("serviceplans.panels.terms", "tenants.panels.of_plan"),
}
