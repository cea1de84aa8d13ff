"""How a request of the web server becomes one of Django's."""

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest


class Utf8Request(WSGIRequest):
    """A request that is read as UTF-8, whatever charset its content type names (`InputGate` refuses the others)."""

    encoding = "utf-8"


class Application(WSGIHandler):
    """Django, for requests that choose no charset."""

    request_class = Utf8Request
