"""What is done for customers outside requests; each task may run twice without harm."""

from celery import shared_task

from customers import tally


@shared_task
def fold_tally() -> None:
    """Fold the changes of each MSP's number of customers."""
    tally.fold()
