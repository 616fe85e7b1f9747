"""The token bucket."""

import anyio
import pytest

from spark_vtuber.testing.virtual import VirtualClock
from spark_vtuber.web.bucket import Bucket


async def test_a_burst_passes_then_the_rate_decides() -> None:
    bucket = Bucket(VirtualClock(), rate_per_s=2.0, burst=3)
    assert [bucket.take() for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.take() == pytest.approx(0.5)
    await anyio.sleep(0.5)
    assert bucket.take() == 0.0
    assert bucket.take() == pytest.approx(0.5)


async def test_a_long_rest_gives_no_more_than_the_burst() -> None:
    bucket = Bucket(VirtualClock(), rate_per_s=2.0, burst=3)
    bucket.take()
    await anyio.sleep(3600)
    assert [bucket.take() == 0.0 for _ in range(5)] == [True, True, True, False, False]
