"""What `doctor` says of the model server that the configuration starts."""

import shutil
from collections.abc import Callable, Iterator

from spark_vtuber.app.serving import Order, order_of
from spark_vtuber.app.serving_machine import planned_machine
from spark_vtuber.app.serving_run import place_in, written
from spark_vtuber.config.load import Settings
from spark_vtuber.core.engine import Finding
from spark_vtuber.core.errors import ConfigError, SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.personality import card
from spark_vtuber.serving.commands.table import INSTALL
from spark_vtuber.serving.job import Kept
from spark_vtuber.serving.machines import Machine
from spark_vtuber.serving.plan import gb, make_plan
from spark_vtuber.serving.processes import is_alive

NAME = "model server"
UP = "spark-vtuber engine up"


def findings(settings: Settings, machine: Callable[[str], Machine] = planned_machine) -> Iterator[Finding]:
    """Whether it could be started as it is configured, what the plan says, and how it is now."""
    wanted = settings.config.engine
    if not wanted.use:
        return
    try:
        personas = tuple(
            card.load(PersonaId(name), one.card, one.look) for name, one in settings.config.persona.items()
        )
        order = order_of(settings, personas)
        planned = machine(wanted.machine)
        place = place_in(settings.config.data.dir)
        command = written(order, planned, place)
    except ConfigError:
        return
    except SparkError as error:
        yield Finding(NAME, "error", error.message, error.fix)
        return
    yield _of_plan(order, planned)
    kept = place.kept()
    is_kept = kept is not None and is_alive(kept.keeper)
    if not is_kept and shutil.which(command.argv[0]) is None:
        yield Finding(NAME, "error", f"there is no program {command.argv[0]}", INSTALL[order.server])
        return
    yield _of_state(kept, is_kept=is_kept, with_show=wanted.with_show)


def _of_plan(order: Order, machine: Machine) -> Finding:
    made = make_plan(order.demand, machine)
    what = f"{order.server.label} with {order.demand.model.name}"
    reasons = list(made.reasons())
    if reasons:
        return Finding(NAME, "warning", f"{what}: {'; '.join(reasons)}", "spark-vtuber plan")
    return Finding(NAME, "ok", f"{what}: {gb(made.budget.peak_bytes)} of {gb(machine.memory_bytes)}")


def _of_state(kept: Kept | None, *, is_kept: bool, with_show: bool) -> Finding:
    if kept is not None and is_kept:
        detail = f"it is {kept.state}, started again {kept.restarts} times"
        return Finding(NAME, "ok" if kept.state == "ready" else "note", detail)
    if kept is not None and is_alive(kept.process):
        return Finding(NAME, "warning", "it runs and nobody keeps it", f"spark-vtuber engine down, then {UP}")
    if kept is not None and kept.state == "failed":
        return Finding(
            NAME, "warning", f"it gave up: {kept.detail}", f"see engine.log in the data directory, then {UP}"
        )
    if with_show:
        return Finding(NAME, "ok", "it starts with the show")
    return Finding(NAME, "note", "it does not run", UP)
