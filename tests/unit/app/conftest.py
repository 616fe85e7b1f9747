"""A show of fakes that can be broken."""

import socket

import anyio
import pytest
from anyio.abc import TaskStatus

from spark_vtuber import engines
from spark_vtuber.app import assemble, journal
from spark_vtuber.testing.chaos import Troupe
from spark_vtuber.testing.journal import inline
from spark_vtuber.testing.sensors import FakeSensors


@pytest.fixture
def troupe(monkeypatch: pytest.MonkeyPatch) -> Troupe:
    """Breakable engines behind every name, no socket, no threads."""
    troupe = Troupe()
    monkeypatch.setattr(engines, "spec", troupe.spec)
    monkeypatch.setattr(assemble, "bind", lambda *_: socket.socket())
    monkeypatch.setattr(assemble, "serve", _serve_nothing)
    monkeypatch.setattr(assemble, "MachineSensors", FakeSensors)
    monkeypatch.setattr(journal, "threads", lambda _: inline)
    return troupe


async def _serve_nothing(*_: object, task_status: TaskStatus[None]) -> None:
    task_status.started()
    await anyio.sleep_forever()
