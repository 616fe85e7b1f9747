"""`spark-vtuber panic`: silence at once, also when the show does not answer any more."""

import http.client
import json

import typer

from spark_vtuber import engines
from spark_vtuber.cli import options
from spark_vtuber.cli.console import complain, console
from spark_vtuber.config import load
from spark_vtuber.core.errors import SparkError

LIMIT_S = 5.0


def panic(port: options.Port = None, config: options.ConfigFile = None, as_json: options.AsJson = False) -> None:
    """Stop everything that sounds, now.

    Goes to the watch, not to the show: a show that does not answer within half
    a second is killed and started again muted. Ends with "resume" on the page.

    [bold]Examples[/]

      spark-vtuber panic
      spark-vtuber panic --port 9000
    """
    try:
        pages = load(engines.spec, config, options.layer(server={"port": port})).config.server.port
        answer = _knock(pages + 1)
    except SparkError as error:
        complain(error)
        raise typer.Exit(1) from error
    if as_json:
        print(json.dumps(answer))
    elif answer["restarted"]:
        console.print("[yellow]silent[/] the show did not obey, so it is started again, muted")
    else:
        console.print("[green]silent[/] everything was stopped; resume on the page")


def _knock(door: int) -> dict[str, bool]:
    """Open the panic door.

    Raises:
        SparkError: `no_door`: nobody is behind it.
    """
    connection = http.client.HTTPConnection("127.0.0.1", door, timeout=LIMIT_S)
    try:
        connection.request("POST", "/panic", "{}", {"Content-Type": "application/json"})
        response = connection.getresponse()
        body = json.loads(response.read())
        return {"panic": bool(body["panic"]), "restarted": bool(body["restarted"])}
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise SparkError(
            f"no show is watched here: nothing useful answers on port {door} ({error})",
            code="no_door",
            fix="give the port of its pages: spark-vtuber panic --port 8080",
        ) from error
    finally:
        connection.close()
