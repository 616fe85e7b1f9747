"""Percentiles computed inside SQLite, which holds no interpreter lock while it sorts."""

from typing import Final

_TEMPLATE: Final = """WITH named AS ({values}),
    ranked AS (
        SELECT name, value, ROW_NUMBER() OVER (PARTITION BY name ORDER BY value) - 1 AS place,
            COUNT(*) OVER (PARTITION BY name) AS size
        FROM named
    )
    SELECT name, MAX(size), {p50}, {p95} FROM ranked GROUP BY name"""


def percentiles_sql(values: str) -> str:
    """A query for the rows `(name, count, p50, p95)` of the rows `(name, value)` that the query `values` gives.

    Linear interpolation between ranks (definition 7 of Hyndman and Fan, 1996), as `telemetry.waterfall` does.
    """
    return _TEMPLATE.format(values=values, p50=_at(0.50), p95=_at(0.95))


def _at(share: float) -> str:
    """The value at rank `share * (size - 1)`: each neighbour weighs what the rank's fraction leaves it."""
    weight = f"1 - ABS(place - {share} * (size - 1))"
    return f"SUM(CASE WHEN {weight} > 0 THEN value * ({weight}) ELSE 0 END)"
