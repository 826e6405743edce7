"""What a trusted proxy in front says of a caller: its address, and its certificate of mutual TLS.

It becomes what a server would say that met the caller itself: `client` of the ASGI scope, and an extension with the
certificate, from which the doors read both. From anybody else the headers mean nothing.
"""

import ssl
from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any
from urllib.parse import unquote_to_bytes

from leadbridge.authentication.evidence import Certificate
from leadbridge.log import get_logger

log = get_logger(__name__)

_EXTENSION = "leadbridge.client_certificate"
_FORWARDED_FOR = b"x-forwarded-for"
_LONGEST_CERTIFICATE = 16_384  # characters of a header; a certificate of RSA 4096 with many names has 3,000
_UNREADABLE = Certificate(b"")  # nobody's

Scope = MutableMapping[str, Any]


class Proxies:
    """The proxies of a site. Safe to share between threads."""

    def __init__(
        self, trusted: Sequence[IPv4Network | IPv6Network] = (), *, client_certificate_header: str | None = None
    ) -> None:
        self._trusted = tuple(trusted)
        self._certificate_header = client_certificate_header.lower().encode() if client_certificate_header else None
        self._trusts = lru_cache(maxsize=1_024)(self._find)
        self._said: set[str] = set()

    def apply(self, scope: Scope) -> None:
        """Put into the scope what the proxy says that it came through, if it is a trusted one."""
        told = [(name, value) for name, value in scope["headers"] if name in (_FORWARDED_FOR, self._certificate_header)]
        if not told:
            return
        peer = address_of(scope)
        if not self._trusts(peer):
            self._say("headers of a proxy that is not trusted are ignored", peer)
            return
        hops = [value for name, value in told if name == _FORWARDED_FOR]
        if hops:
            scope["client"] = (self._caller_behind(peer, b",".join(hops).decode("latin-1").split(",")), 0)
        shown = [value for name, value in told if name == self._certificate_header]
        if shown and shown != [b""]:
            scope["extensions"] = {**(scope.get("extensions") or {}), _EXTENSION: shown}

    def _caller_behind(self, peer: str, hops: Sequence[str]) -> str:
        """The last hop that is none of our proxies: what stands before it, anybody may have written."""
        nearest = peer
        for hop in reversed(hops):
            try:
                nearest = str(ip_address(_without_port(hop.strip())))
            except ValueError:
                break
            if not self._trusts(nearest):
                break
        return nearest

    def _find(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None) or found
        return any(mapped in network for network in self._trusted)

    def _say(self, event: str, peer: str) -> None:
        """Once: whoever sends such headers sends many."""
        if event not in self._said:
            self._said.add(event)
            log.warning(event, address=peer, setting="proxy.trusted_addresses")


def address_of(scope: Scope) -> str:
    """Where a request comes from, as far as it can be trusted; empty where the server does not say."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def certificates_of(scope: Scope) -> list[Certificate]:
    """The certificate that the caller has shown by mutual TLS; one that cannot be read is nobody's."""
    extensions = scope.get("extensions")
    shown: Sequence[bytes] = extensions.get(_EXTENSION, ()) if extensions else ()
    return [_certificate(one) for one in shown]


@lru_cache(maxsize=1_024)  # a partner sends the same with each call
def _certificate(header: bytes) -> Certificate:
    if len(header) > _LONGEST_CERTIFICATE:
        return _UNREADABLE
    try:
        return Certificate(ssl.PEM_cert_to_DER_cert(unquote_to_bytes(header).decode("ascii").strip()))
    except ValueError:  # of base64, ASCII and PEM alike
        return _UNREADABLE


def _without_port(hop: str) -> str:
    """Some proxies write 192.0.2.1:4711 or [2001:db8::1]:4711."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
