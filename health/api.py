"""The API under /api/v1/: programs of an MSP send runs and usage, and read what its pages show."""

import re
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import exceptions
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import CursorPagination
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from customers.filters import CustomerFilters
from customers.models import Customer
from health import serializers, services
from health.apischema import PLAIN_TEXT, Schema
from health.authentication import Bearer, HasScope
from health.bodies import excerpt_of, records_of
from health.filters import AlertFilters, RunFilters, UsageFilters
from health.intake import Outcome
from health.models import Alert, Run, UsageRecord
from health.problems import Refusal
from msc.access.models import Msp
from msc.pages.filters import ListFilters
from msc.people.models import ApiCredential
from serviceplans.filters import PlanFilters
from serviceplans.models import ServicePlan
from tenants.filters import TenantFilters
from tenants.models import Tenant

PAGE, LARGEST_PAGE = 100, 500
_PAGE_SIZE = re.compile("[1-9][0-9]{0,2}")
_KEY = re.compile("[1-9][0-9]{0,18}")


class JsonAlways(DefaultContentNegotiation):
    """Answer in JSON, whatever the client says that it accepts."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        """Return the only renderer."""
        return renderers[0], renderers[0].media_type


class Endpoint(APIView):
    """What all addresses of the API share: a credential, JSON alone, and the scope that each method asks for."""

    authentication_classes = (Bearer,)
    permission_classes = (HasScope,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = JsonAlways
    schema = Schema()
    http_method_names = ("get", "head", "post")
    scopes: ClassVar[dict[str, str]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a method that the address does not have before any credential is looked at."""
        if request.method not in self.allowed_methods:
            self.http_method_not_allowed(request)
        super().initial(request, *args, **kwargs)

    @property
    def scope(self) -> str:
        """The scope that a credential needs for this call."""
        return self.scopes.get((self.request.method or "GET").replace("HEAD", "GET"), "")

    @property
    def credential(self) -> ApiCredential:
        """The credential that asks."""
        return cast("ApiCredential", self.request.user)

    @property
    def msp(self) -> Msp:
        """The MSP of the credential."""
        return cast("Msp", self.request.auth)


class Cursor(CursorPagination):
    """Pages from the newest row back, which stay right while rows arrive."""

    ordering = "-pk"
    page_size = PAGE
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE
    cursor_query_description = "Where the page begins, as the links `next` and `previous` carry it."
    page_size_query_description = "How many rows a page has."

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe cursor and page size with their bounds."""
        cursor, size = super().get_schema_operation_parameters(view)
        cursor["schema"] |= {"minLength": 1}
        size["schema"] |= {"minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE}
        return [cursor, size]

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        """Describe a page, which always has its three members."""
        link = {"type": "string", "format": "uri", "nullable": True}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "properties": properties, "required": list(properties)}

    def get_page_size(self, request: Request) -> int:
        """Return the size that was asked for; anything but a number within the limit is refused."""
        text = request.query_params.get("page_size", str(PAGE))
        if not _PAGE_SIZE.fullmatch(text) or int(text) > LARGEST_PAGE:
            raise Refusal({"page_size": [f"Send a number from 1 to {LARGEST_PAGE}."]})
        return int(text)

    def decode_cursor(self, request: Request) -> Any:
        """Return the place; a cursor that no link of the API carries is refused."""
        text = request.query_params.get(self.cursor_query_param)
        if text is None:
            return None
        try:
            cursor: Any = super().decode_cursor(request)
        except exceptions.NotFound:
            cursor = None
        if cursor is None or not _is_key(cursor.position) or self._written(cursor) != text:
            raise Refusal({"cursor": ["This is not a cursor of the API: follow the links of an answer."]})
        return cursor

    def _written(self, cursor: Any) -> str | None:
        """Return the cursor as a link carries it; none carries the first page's."""
        return QueryDict(self.encode_cursor(cursor).partition("?")[2])[self.cursor_query_param] or None


def _is_key(position: str | None) -> bool:
    return position is None or (bool(_KEY.fullmatch(position)) and int(position) < 2**63)


class Reading(GenericAPIView[Any], Endpoint):
    """A list that a program reads: the MSP's rows, the filters of the page, pages by cursor."""

    filters: ClassVar[type[ListFilters]] = ListFilters
    pagination_class = Cursor
    model: ClassVar[Any]

    def rows(self) -> QuerySet[Any]:
        """Return the rows of the MSP with what the serializer shows of them."""
        return cast("QuerySet[Any]", self.model.objects.for_user(self.credential))

    def get_queryset(self) -> QuerySet[Any]:
        """Return the rows within the filters; a parameter that nobody knows is refused."""
        query: QueryDict = self.request.GET
        if unknown := query.keys() - {*self.filters.names(), "cursor", "page_size"}:
            raise Refusal({min(unknown)[:80]: ["There is no such parameter."]})
        if empty := [name for name, values in query.lists() if "" in values]:
            raise Refusal({name: ["Give a value, or leave the parameter out."] for name in empty})
        with timezone.override(self.msp.zone):
            filters = self.filters(query, self.rows(), user=self.credential)  # type: ignore[arg-type]  # reads as a person
            if not filters.is_valid():
                raise Refusal({field: [str(one) for one in errors] for field, errors in filters.form.errors.items()})
            return cast("QuerySet[Any]", filters.qs)

    def get(self, request: Request) -> Response:
        """Answer with a page of rows."""
        page = self.paginate_queryset(self.get_queryset())
        found: BaseSerializer[Any] = self.get_serializer(page, many=True)
        return self.get_paginated_response(found.data)


def answer(outcome: Outcome) -> Response:
    """Tell what became of each record: 200 when any was kept, 422 when none."""
    body: dict[str, Any] = {
        "created": outcome.created,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "rejected": len(outcome.refusals),
        "errors": [{"line": one.line, "field": one.field, "reason": one.reason} for one in outcome.refusals],
    }
    if outcome.note:
        body["note"] = outcome.note
    return Response(body, status=200 if outcome.kept else 422)


OUTCOMES = {200: serializers.OutcomeOut, 422: serializers.OutcomeOut}


class Runs(Reading):
    """Runs of backup and restore jobs."""

    scopes: ClassVar = {"GET": "runs:read", "POST": "runs:write"}
    model, filters, serializer_class = Run, RunFilters, serializers.RunOut

    def rows(self) -> QuerySet[Any]:
        """Return the runs with their sources and tenants."""
        return super().rows().select_related("tenant", "data_source")

    @extend_schema(operation_id="read_runs", summary="Read runs")
    def get(self, request: Request) -> Response:
        """Return the runs, the latest to arrive first."""
        return super().get(request)

    @extend_schema(
        operation_id="send_runs",
        summary="Send runs",
        request={"application/json": serializers.RunIn(many=True), "application/x-ndjson": serializers.RunIn},
        responses=OUTCOMES,
    )
    def post(self, request: Request) -> Response:
        """Keep a batch of runs, at most 25,000: a JSON array, {"records": [...]} or one record a line.

        The job id identifies a run within its tenant. Sending it again changes nothing; a newer state replaces the
        older, whatever order they arrive in. Records that are refused are named by line; the others are kept.
        """
        return answer(services.take_runs(by=self.credential, msp=self.msp, records=records_of(request)))


class Usage(Reading):
    """Usage records."""

    scopes: ClassVar = {"GET": "usage:read", "POST": "usage:write"}
    model, filters, serializer_class = UsageRecord, UsageFilters, serializers.UsageOut

    @extend_schema(operation_id="read_usage", summary="Read usage records")
    def get(self, request: Request) -> Response:
        """Return the usage records, the latest to arrive first."""
        return super().get(request)

    @extend_schema(
        operation_id="send_usage",
        summary="Send usage records",
        request={"application/json": serializers.UsageIn(many=True), "application/x-ndjson": serializers.UsageIn},
        responses=OUTCOMES,
    )
    def post(self, request: Request) -> Response:
        """Keep a batch of usage records; day, tenant, workload and measure identify one."""
        return answer(services.take_usage(by=self.credential, msp=self.msp, records=records_of(request)))


_TOOL_PARAMETERS = {
    "tenant": "The id shown on the product's card.",
    "organization": "What the data source belongs to inside the tenant.",
    "source": "The name of the data source.",
    "workload": "Default: file_server.",
    "kind": "backup (default), restore, maintenance (check, prune, forget and the like) or other.",
    "job": "An id of the run, such as systemd's $INVOCATION_ID; default: made of tenant, source, kind and started.",
    "started": "When the run started: date, time and offset, or seconds since 1970.",
    "ended": "When it ended; default: start and duration, or now.",
    "exit": "The tool's exit code; it decides how the run ended.",
    "summary": "none: the command prints no summary (borg create without --stats); then the exit code alone counts.",
    "status": "running: the command has just started; send its output under the same job when it has ended.",
    "policy": "The name of the backup policy.",
    "interval_hours": "Hours between two backups of the policy.",
    "retention_days": "Days that the policy keeps backups.",
}
_NEEDED = ("tenant", "organization", "source")


class ToolRuns(Endpoint):
    """A run as the tool itself prints it."""

    scopes: ClassVar = {"POST": "runs:write"}
    tool: ClassVar[str] = ""

    def post(self, request: Request) -> Response:
        """Keep the run that the output tells of."""
        if unknown := request.GET.keys() - _TOOL_PARAMETERS.keys():
            raise Refusal({min(unknown)[:80]: ["There is no such parameter."]})
        text = excerpt_of(request)
        parameters = {name: request.GET[name] for name in request.GET}
        return answer(
            services.take_output(by=self.credential, msp=self.msp, tool=self.tool, text=text, parameters=parameters)
        )


def _tool_schema(tool: str) -> Any:
    return extend_schema_view(
        post=extend_schema(
            operation_id=f"send_{tool}_output",
            summary=f"Send what {tool} printed",
            description=f"The body is what {tool} printed, unchanged; it may be empty, and 64 MB long. Without the summary"
            " of a backup or restore, exit code 0 is kept as a run of kind other, which counts as neither.",
            request={"text/plain": OpenApiTypes.STR},
            parameters=[
                OpenApiParameter(name, str, required=name in _NEEDED, description=text, pattern=PLAIN_TEXT)
                for name, text in _TOOL_PARAMETERS.items()
            ],
            responses=OUTCOMES,
        )
    )


@_tool_schema("restic")
class ResticRuns(ToolRuns):
    """A run as restic prints it."""

    tool = "restic"


@_tool_schema("borg")
class BorgRuns(ToolRuns):
    """A run as borg prints it."""

    tool = "borg"


@extend_schema_view(get=extend_schema(operation_id="read_customers", summary="Read customers"))
class Customers(Reading):
    """Customers with their figures."""

    scopes: ClassVar = {"GET": "customers:read"}
    model, filters, serializer_class = Customer, CustomerFilters, serializers.CustomerOut

    def rows(self) -> QuerySet[Any]:
        """Return the customers with their names and figures."""
        return super().rows().select_related("identity", "summary")


@extend_schema_view(get=extend_schema(operation_id="read_tenants", summary="Read products (tenants)"))
class Tenants(Reading):
    """Products (tenants) of customers."""

    scopes: ClassVar = {"GET": "tenants:read"}
    model, filters, serializer_class = Tenant, TenantFilters, serializers.TenantOut

    def rows(self) -> QuerySet[Any]:
        """Return the tenants that are not purged."""
        return cast("QuerySet[Any]", Tenant.objects.for_user(self.credential).live())  # type: ignore[arg-type]


@extend_schema_view(get=extend_schema(operation_id="read_plans", summary="Read service plans"))
class Plans(Reading):
    """Service plans."""

    scopes: ClassVar = {"GET": "plans:read"}
    model, filters, serializer_class = ServicePlan, PlanFilters, serializers.PlanOut

    def rows(self) -> QuerySet[Any]:
        """Return the plans with what they include."""
        return super().rows().prefetch_related("products")


@extend_schema_view(get=extend_schema(operation_id="read_alerts", summary="Read alerts"))
class Alerts(Reading):
    """Alerts, active and resolved."""

    scopes: ClassVar = {"GET": "alerts:read"}
    model, filters, serializer_class = Alert, AlertFilters, serializers.AlertOut
