"""Static files by their address, those too that a newer release has collected since this process began.

While servers restart one after the other, a page of the newer code may ask the older one for its style sheet.
"""

import os.path

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Serves the collected files, and looks for one that it does not know."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve a file, or pass the request on."""
        url = request.path_info
        if url.startswith(self.static_prefix) and url not in self.files:
            self._look_for(url)
        response: HttpResponseBase = super().__call__(request)
        return response

    def _look_for(self, url: str) -> None:
        """Take a file into the list if it lies among the collected ones."""
        root = f"{settings.STATIC_ROOT}/"
        path = root + url.removeprefix(self.static_prefix)
        is_inside = self.url_is_canonical(url) and self.path_is_child_of(path, root)
        if is_inside and os.path.isfile(path):  # noqa: PTH113 - a path of any text, too long ones and NUL included
            self.add_file_to_dictionary(url, path)
