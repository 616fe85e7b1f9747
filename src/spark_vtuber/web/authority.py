"""Whose name is in the `Host` and `Origin` of a request: protection against rebinding and foreign pages.

A page of another site can make a browser send requests to this machine. The browser then tells the truth about the
page in `Origin`, and about the name it used in `Host` (RFC 9110, 7.2; the Fetch standard, "Origin header").
"""

import ipaddress
import re
from collections.abc import Iterable

from spark_vtuber.web.settings import is_loopback

_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class OwnNames:
    """The names under which this server is meant to be reached.

    On loopback those are the loopback addresses and `localhost`. Beyond it also `host` itself, every IP address
    (an address cannot be made to point elsewhere as a name can) and `names`.
    """

    def __init__(self, host: str, names: Iterable[str] = ()) -> None:
        self._is_open = not is_loopback(host)
        self._names = {host.lower(), *(name.lower() for name in names)}

    def has_host(self, value: str) -> bool:
        """Whether the value of a `Host` header is ours; the port may differ (a forwarded one)."""
        match = _AUTHORITY.fullmatch(value.lower())
        return match is not None and self._is_own(match["host"].strip("[]"))

    def has_origin(self, value: str, host: str) -> bool:
        """Whether the value of an `Origin` header is a page of this server, reached as `host` (its `Host` header)."""
        scheme, separator, authority = value.lower().partition("://")
        if not separator or scheme not in _DEFAULT_PORTS or not self.has_host(authority):
            return False
        default = ":" + _DEFAULT_PORTS[scheme]
        return authority.removesuffix(default) == host.lower().removesuffix(default)

    def _is_own(self, host: str) -> bool:
        if is_loopback(host):
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return host in self._names
        return self._is_open and not address.is_unspecified
