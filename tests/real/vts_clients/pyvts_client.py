"""Drives a VTube Studio with the PyPI package `pyvts` and prints what it saw as one line of JSON.

`pyvts_client.py FOLDER PORT TOKEN_FILE`: the packages of the foreign client lie in FOLDER.
"""

import asyncio
import contextlib
import io
import json
import sys
from typing import Any


async def main(port: int, token_file: str) -> dict[str, Any]:
    """What it saw."""
    import pyvts

    plugin = {
        "plugin_name": "Foreign pyvts client",
        "developer": "Somebody else",
        "authentication_token_path": token_file,
    }
    place = {"version": "1.0", "name": "VTubeStudioPublicAPI", "host": "127.0.0.1", "port": port}
    client = pyvts.vts(plugin_info=plugin, vts_api_info=place)
    make = client.vts_request
    await client.connect()
    early = await client.request(make.requestHotKeyList())
    await client.request_authenticate_token()
    seen: dict[str, Any] = {"early": early["data"]["errorID"], "isLetIn": await client.request_authenticate()}

    async def ask(request: dict[str, Any]) -> Any:
        answer = await client.request(request)
        return answer["data"] | {"type": answer["messageType"]}

    seen["hotkeys"] = await ask(make.requestHotKeyList())
    seen["inputs"] = await ask(make.requestTrackingParameterList())
    seen["created"] = await ask(make.requestCustomParameter("PyvtsInput", min=0, max=10, default_value=3))
    seen["default"] = await ask(make.requestParameterValue("PyvtsInput"))
    seen["injected"] = await ask(make.requestSetMultiParameterValue(["PyvtsInput", "MouthOpen"], [7, 0.25]))
    seen["value"] = await ask(make.requestParameterValue("PyvtsInput"))
    seen["moved"] = await ask(make.requestMoveModel(0.1, 0, rot=10, size=5))
    seen["pressed"] = await ask(make.requestTriggerHotKey("Smile"))
    seen["subscribed"] = await ask(make.eventSubscriptionTest("hello"))
    assert client.websocket is not None
    seen["event"] = json.loads(await asyncio.wait_for(client.websocket.recv(), 5))
    seen["unsubscribed"] = await ask(make.eventSubscription("TestEvent", on=False))
    seen["wrong"] = await ask(make.requestSetParameterValue("Nowhere", 1))
    seen["unknown"] = await ask(make.eventSubscription("NobodyEvent"))
    seen["deleted"] = await ask(make.requestDeleteCustomParameter("PyvtsInput"))
    seen["strange"] = await ask(make.BaseRequest("MakeTeaRequest"))
    await client.close()
    return seen


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    with contextlib.redirect_stdout(io.StringIO()):
        found = asyncio.run(main(int(sys.argv[2]), sys.argv[3]))
    print(json.dumps(found))
