"""The pages of alerts: the list, one alert with its history, and what a person gets by e-mail."""

from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.urls import reverse

from health import services
from health.filters import AlertListFilters
from health.forms_alerts import CloseForm, SubscriptionForm
from health.models import Alert, AlertSubscription
from health.statuses import AlertState, AlertType, Severity
from health.subscriptions import LABELS, subscribe
from health.tables_alerts import SEVERITY_LOOKS, STATE_LOOKS, AlertTable
from msc.access.models import User
from msc.pages.columns import Names
from msc.pages.dialogs import Dialog, FormDialog, Outcome, SettingsPage
from msc.pages.list import Empty, ListPage, Preset
from msc.pages.rendering import Action
from serviceplans.catalogue import Product

HISTORY_LENGTH = 20


class AlertList(ListPage):
    """What somebody should know of, now and before."""

    model, table, filters = Alert, AlertTable, AlertListFilters
    name, title, noun, needs = "alerts", "Alerts", ("alert", "alerts"), "alert.view"
    search_label = "Search alerts"
    presets = (
        Preset("All"),
        Preset("Open", "state=active"),
        Preset("Open and critical", "state=active&severity=critical"),
        Preset("New since yesterday", "age=1"),
        Preset("Resolved", "state=resolved"),
    )
    actions = (Action("Notify me", "health:subscription", needs="alert.subscribe", icon="mail", dialog=False),)
    empty = Empty("No alerts", "New alerts appear here within a minute.")

    def scoped(self, user: User) -> QuerySet[Alert]:
        """Return the alerts of customers that are there."""
        return Alert.objects.for_user(user).of_named_customers()

    def unfiltered_total(self, user: User) -> int:
        """Count them all."""
        return Alert.objects.for_user(user).number_of_named_customers()

    def dictionaries(self) -> Names:
        """Return the words of products and types."""
        return {"products": dict(Product.choices), "types": dict(AlertType.choices)}


class AlertPage(Dialog):
    """One alert: what it is about, its life, and when the same was wrong before."""

    model, needs, template = Alert, "alert.view", "health/_alert.html"

    def queryset(self) -> QuerySet[Alert]:
        """Return the alerts that the list shows, with what the dialog names."""
        rows = Alert.objects.for_user(self.user).of_named_customers()
        return rows.select_related("customer__identity", "tenant", "data_source")

    def get_title(self) -> str:
        """Return what is wrong."""
        return str(self.object.summary)

    def back_url(self) -> str:
        """Return to the list."""
        return reverse("health:alerts")

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the alert and its history."""
        alert: Alert = self.object
        same = Alert.objects.for_user(self.user).filter(type=alert.type, object_key=alert.object_key)
        earlier = list(same.exclude(pk=alert.pk).order_by("-first_seen", "-pk")[: HISTORY_LENGTH + 1])
        return self.show(
            {
                "alert": alert,
                "severity": SEVERITY_LOOKS[Severity(alert.severity)],
                "state": STATE_LOOKS[AlertState(alert.state)],
                "earlier": [(one, SEVERITY_LOOKS[Severity(one.severity)]) for one in earlier[:HISTORY_LENGTH]],
                "has_more": len(earlier) > HISTORY_LENGTH,
                "may_close": self.user.can("alert.close") and alert.is_closable,
            }
        )


class CloseAlert(FormDialog):
    """Close an alert that nothing else may ever end."""

    model, form_class, needs = Alert, CloseForm, "alert.close"
    verb = "Close alert"

    def queryset(self) -> QuerySet[Alert]:
        """Return the alerts that the list shows."""
        return Alert.objects.for_user(self.user).of_named_customers().select_related("customer__identity")

    def get_title(self) -> str:
        """Name the alert and its customer."""
        return f"Close alert: {self.object.summary}, {self.object.customer.identity.name}"

    def back_url(self) -> str:
        """Return to the alert."""
        return reverse("health:alert", args=[self.object.pk])

    def save(self, form: CloseForm) -> Outcome:
        """Close it."""
        services.close_alert(by=self.user, alert=self.object, reason=form.cleaned_data["reason"])
        return Outcome(reverse("health:alerts"), "The alert has been closed.")


class Subscription(SettingsPage):
    """Which alerts the person gets by e-mail, and when."""

    form_class, needs = SubscriptionForm, "alert.subscribe"
    title, page_template = "Alerts by e-mail", "health/subscription.html"

    def form_arguments(self) -> dict[str, Any]:
        """Tell the form in whose hours it speaks."""
        return {"email": self.user.email, "zone": str(self.user.zone)}

    def initial(self) -> dict[str, Any]:
        """Return what the person has chosen."""
        mine = AlertSubscription.objects.for_user(self.user).filter(user=self.user).first() or AlertSubscription()
        return {name: getattr(mine, name) for name in LABELS}

    def save(self, form: SubscriptionForm) -> Outcome:
        """Save the choice."""
        mine = subscribe(by=self.user, **form.cleaned_data)
        wants_any = mine.types or mine.severities
        said = "Your subscription is saved." if wants_any else "You get no alerts by e-mail."
        return Outcome(reverse("health:subscription"), said)
