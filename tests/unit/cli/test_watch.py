import subprocess
from typing import Any, cast

from spark_vtuber.cli.watch import Safety, Watch

NOBODY = cast("subprocess.Popen[bytes]", None)


def told(watch: Watch, **message: Any) -> list[str]:
    """The command of the next life after a message of the show."""
    watch._take(message, NOBODY)
    return watch._command()


def test_only_the_first_life_opens_a_browser() -> None:
    watch = Watch(["run", "--port", "9000"])
    first, second = watch._command(), watch._command()
    assert first[-4:] == ["run", "--port", "9000", "--watched"]
    assert second == [*first, "--no-browser"]


def test_a_show_that_was_silent_comes_back_silent_until_it_was_heard_again() -> None:
    watch = Watch(["run"])
    assert "--muted" not in told(watch, type="beat", silent=False, workers=[])
    assert told(watch, type="beat", silent=True, workers=[])[-2:] == ["--muted", "it was silent before"]
    assert "--muted" in watch._command()
    assert "--muted" not in told(watch, type="beat", silent=False, workers=[])


def test_a_show_whose_answers_were_held_comes_back_so() -> None:
    watch = Watch(["run"])
    assert "--held" not in told(watch, type="beat", silent=False, held=False, workers=[])
    assert told(watch, type="beat", silent=False, held=True, workers=[])[-1] == "--held"
    assert "--held" in watch._command()
    assert "--held" not in told(watch, type="beat", silent=False, held=False, workers=[])


def test_a_panic_counts_before_the_next_beat() -> None:
    assert "--muted" in told(Watch(["run"]), type="panicked", id=1)


def test_messages_that_are_not_known_change_nothing() -> None:
    watch = Watch(["run"])
    assert "--muted" not in told(watch, type="beat", silent="perhaps", workers=[])
    assert "--muted" not in told(watch, type="weather")


def test_the_watch_knows_the_safety_scene_until_the_show_takes_it_back() -> None:
    watch = Watch(["run"])
    place = {"type": "obs", "host": "127.0.0.1", "port": 4455, "password": "hush"}
    watch._take({**place, "scene": "Safety"}, NOBODY)
    assert watch._safety == Safety("127.0.0.1", 4455, "hush", "Safety")
    assert "hush" not in repr(watch._safety)
    watch._take({**place, "scene": ""}, NOBODY)
    assert watch._safety is None


def test_only_process_ids_of_workers_are_remembered() -> None:
    watch = Watch(["run"])
    watch._take({"type": "beat", "silent": False, "workers": [4711, 1, 0, -1, "12"]}, NOBODY)
    assert watch._workers == (4711,)
