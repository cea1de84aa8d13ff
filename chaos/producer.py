"""Queue trial e-mails as a portal transaction does, ten in each; told how many and under which name on its input.

`echo "50 fault" | python -m chaos.producer` queues fault-0@trial.example to fault-49@trial.example and answers `50`.
"""

import os
import sys
from pathlib import Path

import django
from django.template import Engine
from django.utils.module_loading import import_string

TOGETHER = 10


def serve() -> None:
    """Queue until the input ends."""
    Engine.get_default().dirs.append(str(Path(__file__).parent / "templates"))
    entered, queue = import_string("msc.access.scope.entered"), import_string("msc.mail.outbox.queue")
    for line in sys.stdin:
        count, name = line.split()
        for first in range(0, int(count), TOGETHER):
            with entered("portal"):
                for number in range(first, min(first + TOGETHER, int(count))):
                    key, to = f"{name}-{number}", f"{name}-{number}@trial.example"
                    queue(key=key, kind="trial", to=to, template="trial", context={"name": key}, msp_id=None)
        print(count, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
    django.setup()
    serve()
