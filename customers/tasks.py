"""What is done for customers outside requests; each task claims its work and may run twice without harm."""

import structlog
from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError
from django.utils import timezone

from customers import imports, tally
from customers.models import CustomerImport, ImportState
from msc.access import scope

logger = structlog.get_logger(__name__)


@shared_task
def fold_tally() -> None:
    """Fold the changes of each MSP's number of customers."""
    tally.fold()


@shared_task(soft_time_limit=540, time_limit=570)  # 50,000 lines on a busy machine; below the visibility timeout
def work_on_imports() -> None:
    """Check what was uploaded and write what was confirmed, one import after the other."""
    while work_on_one_import():
        pass


def work_on_one_import() -> bool:
    """Work on the import that has waited longest, in a transaction of its own; tell whether there was one."""
    waiting = CustomerImport.objects.filter(state__in=(ImportState.UPLOADED, ImportState.IMPORTING))
    claimed: CustomerImport | None = None
    try:
        with scope.entered("worker"):
            claimed = waiting.select_for_update(skip_locked=True, no_key=True).order_by("created_at").first()
            if claimed is None:
                return False
            scope.narrow_to_msp(claimed.msp_id)
            imports.work_on(claimed)
    except OperationalError:
        raise  # the database was away: the import is as it was and is taken up again
    except Exception as error:
        if claimed is None:
            raise  # nothing could be claimed: the next tick tries again
        # Whatever it is, it would come again with this file, and the imports behind it must not wait.
        logger.exception("import_failed", customer_import=claimed.pk)
        _give_up(claimed)
        return not isinstance(error, SoftTimeLimitExceeded)
    return True


def _give_up(broken: CustomerImport) -> None:
    with scope.entered("worker", msp=broken.msp_id):
        current = CustomerImport.objects.get(pk=broken.pk)
        imports.finish(current, ImportState.FAILED, "This file could not be worked on. Nothing was written.")


@shared_task
def forget_imports() -> None:
    """Throw away imports that were checked and never confirmed: their files name customers."""
    with scope.entered("worker"):
        for pending in imports.abandoned(timezone.now()):
            scope.narrow_to_msp(pending.msp_id)
            pending.delete()
