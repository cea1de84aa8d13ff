"""Thousands of requests that no page asked for: none is answered by 5xx or a traceback (`make fuzz` sends 100,000)."""

import os

import pytest

from tests.fuzz.requests import Source

NUMBER = int(os.environ.get("FUZZ", "2000"))
CHUNK = 250
BETWEEN_RESTS = 20


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(max(1, NUMBER // CHUNK)))
def test_nothing_breaks(stage, seed):
    broken, answered = [], set()
    with stage.unwatched():
        for number, hostile in enumerate(Source(stage, seed).requests(CHUNK)):
            if number % BETWEEN_RESTS == 0:
                # The rate limits would refuse everything after a while.
                stage.superuser.execute("DELETE FROM msc_cache")
            try:
                answer = stage.send(**vars(hostile))
            except Exception as error:  # noqa: BLE001  whatever escapes is what is looked for
                broken.append(f"seed {seed}, number {number}: {error!r} from {hostile}")
                continue
            answered.add(answer.status)
            if answer.status >= 500 or b"Traceback (most recent call" in answer.body:
                broken.append(f"seed {seed}, number {number}: {answer.status} from {hostile}")
            if hostile.method not in {"GET", "HEAD"} and answer.status < 400:
                stage.settle()
    assert not broken, "\n".join(broken)
    assert answered >= {200, 302, 400, 403, 404, 405}, "the requests reach too little of the portal"
