"""The stage of grid, walls and fuzz: built once for a module, in transactions that commit."""

from collections.abc import Iterator

import pytest

from tests.grid.engine import Stage


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker) -> Iterator[Stage]:
    with django_db_blocker.unblock():
        stage = Stage()
        yield stage
        stage.close()
        django_db_setup.restore()
