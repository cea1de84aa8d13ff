"""How the web server runs: two processes of four threads; `gunicorn --config=python:msc.gunicorn msc.wsgi`."""

import gc
import os
from typing import Any

from msc.logging import GUNICORN_ACCESS_FORMAT

bind = os.environ.get("MSC_BIND", f"127.0.0.1:{os.environ.get('PORT', '8000')}")
worker_class = "msc.worker.BufferedWorker"
workers = int(os.environ.get("MSC_WEB_PROCESSES", "2"))
threads = int(os.environ.get("MSC_WEB_THREADS", "4"))
# The application is loaded once and its memory shared; it opens no connection while it loads.
preload_app = True
# A request may take longer than any statement of it (msc/database.sql) before its worker is given up.
timeout = 60
graceful_timeout = 25
# Longer than a web server in front keeps a connection that nothing is sent on (nginx: 60).
keepalive = 75
max_requests = 20_000
max_requests_jitter = 2_000
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 - memory; gunicorn wants names
accesslog = "-"
access_log_format = GUNICORN_ACCESS_FORMAT
control_socket_disable = True


def pre_fork(server: Any, worker: Any) -> None:  # noqa: ARG001  gunicorn's own objects, which have no types
    """Leave what the application loaded out of all later collections: it stays, and its memory stays shared."""
    gc.collect()
    gc.freeze()
