"""The fake OBS keeps the promises of the real one, on the virtual clock."""

import anyio
import pytest
from pydantic import SecretStr

from spark_vtuber.obs.port import Address
from spark_vtuber.testing.contracts.obs import PROMISES, Events, Promise, Trial
from spark_vtuber.testing.obs_fake import fake_obs

ADDRESS = Address("127.0.0.1", 4455, SecretStr("hunter2"))


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
async def test_the_fake_keeps_its_promises(promise: Promise) -> None:
    events = Events()
    async with fake_obs(password="hunter2") as obs, obs.open_remote(ADDRESS, events.tell) as remote:
        with anyio.fail_after(60):
            await promise(Trial(obs.open_remote, ADDRESS, remote, events))
