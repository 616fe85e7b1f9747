"""A notification on a desktop: a real message bus, and a service on it that takes what desktops take."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from spark_vtuber.config.environment import child_environment

pytestmark = [pytest.mark.real, pytest.mark.needs("dbus"), pytest.mark.platform("linux")]

CALLER = """
import anyio
from spark_vtuber.core.alerts import Alert
from spark_vtuber.core.errors import EngineError
from spark_vtuber.health.calls import desktop

async def call():
    try:
        alert = Alert("a1", "memory", "machine", "critical", "memory is nearly used up", "", 0)
        await desktop()(alert, "Spark VTuber: memory is nearly used up")
    except EngineError as error:
        print(error.code)
anyio.run(call)
"""


@asynccontextmanager
async def message_bus() -> AsyncIterator[str]:
    async with await anyio.open_process(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1"], stderr=subprocess.DEVNULL
    ) as bus:
        assert bus.stdout is not None
        yield (await bus.stdout.receive()).decode().strip()
        bus.terminate()


@asynccontextmanager
async def desktop_on(address: str) -> AsyncIterator[list[dict[str, Any]]]:
    """Freedesktop's notification service, as far as a notification needs it."""
    from dbus_fast import Variant
    from dbus_fast.aio import MessageBus
    from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

    shown: list[dict[str, Any]] = []

    class Notifications(ServiceInterface):
        def __init__(self) -> None:
            super().__init__("org.freedesktop.Notifications")

        @dbus_method()
        def GetCapabilities(self) -> "as":  # noqa: F722, N802 - a signature of D-Bus
            return ["body"]

        @dbus_method()
        def GetServerInformation(self) -> "ssss":  # noqa: F821, N802
            return ["fake", "spark", "1", "1.2"]

        @dbus_method()
        def Notify(  # noqa: N802, PLR0917 - the method of the specification
            self,
            app: "s",  # noqa: F821
            replaces: "u",  # noqa: F821
            icon: "s",  # noqa: F821
            summary: "s",  # noqa: F821
            body: "s",  # noqa: F821
            actions: "as",  # noqa: F722
            hints: "a{sv}",  # noqa: F722
            timeout: "i",  # noqa: F821
        ) -> "u":  # noqa: F821
            urgency = hints.get("urgency", Variant("y", 1)).value
            shown.append({"app": app, "summary": summary, "body": body, "urgency": urgency})
            return 1

        @dbus_method()
        def CloseNotification(self, number: "u"):  # noqa: ANN202, F821, N802
            """Nothing is shown."""

        @dbus_signal()
        def NotificationClosed(self) -> "uu":  # noqa: F821, N802
            return [1, 1]

        @dbus_signal()
        def ActionInvoked(self) -> "us":  # noqa: F821, N802
            return [1, ""]

    connection = await MessageBus(bus_address=address).connect()
    connection.export("/org/freedesktop/Notifications", Notifications())
    await connection.request_name("org.freedesktop.Notifications")
    yield shown
    connection.disconnect()


async def called(address: str) -> str:
    environ = child_environment({"DBUS_SESSION_BUS_ADDRESS": address})
    with anyio.fail_after(20):
        ran = await anyio.run_process([sys.executable, "-c", CALLER], env=environ, stderr=None)
    return ran.stdout.decode().strip()


async def test_an_alert_is_shown_on_the_desktop() -> None:
    async with message_bus() as address, desktop_on(address) as shown:
        assert await called(address) == ""
        assert shown == [
            {
                "app": "Spark VTuber",
                "summary": "Spark VTuber",
                "body": "Spark VTuber: memory is nearly used up",
                "urgency": 2,
            }
        ]


async def test_a_machine_without_a_desktop_is_an_error_that_says_so() -> None:
    assert await called("unix:path=/nowhere/at/all") == "no_desktop"
