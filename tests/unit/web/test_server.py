"""What keeps the server from opening its socket."""

import pytest

from spark_vtuber.core.errors import SparkError
from spark_vtuber.web.server import bind
from spark_vtuber.web.settings import WebSettings


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "studio.lan", ""])
def test_nothing_is_opened_beyond_loopback_without_a_token(host: str) -> None:
    with pytest.raises(SparkError) as caught:
        bind(WebSettings(host=host), 8080)
    assert caught.value.code == "token_missing"
    assert "127.0.0.1" in caught.value.fix
