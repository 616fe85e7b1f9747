"""The application as a whole."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp

from spark_vtuber.web.gate import Gate


async def test_no_environment_can_make_the_application_report_elsewhere(
    site: Callable[..., ASGIApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://evil.example")
    gate = site()
    assert isinstance(gate, Gate)
    assert isinstance(gate._app, FastAPI)
    assert not gate._app._native_telemetry.enabled()
    assert not gate._app._telemetry["auto_configure"]
