"""Send from the outbox for ever, without Celery around it: what the short trials kill.

`python -m chaos.sender`
"""

import os
import time

import django
from django.utils.module_loading import import_string

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "msc.settings")
    django.setup()
    deliver = import_string("msc.mail.sending.deliver")
    while True:
        deliver(seconds=20)
        time.sleep(0.02)
