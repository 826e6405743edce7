"""Which URLs and addresses a webhook may have, so that nobody makes us call what only we can reach.

The URL is looked at when it is registered, and the address that its host stands for each time before we connect, and
it is that address we connect to: a name may mean another one the next moment. Source: OWASP's Server-Side Request
Forgery Prevention Cheat Sheet; what is public is said by IANA's special-purpose registries, as `ipaddress` has them.
"""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from leadbridge.authentication.callers import CallerError

LONGEST_URL = 2_000
_VISIBLE = re.compile(r"[!-~]+")
_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
# What IANA has given out for use between networks: of the rest, whatever it is for, nothing is public. RFC 4291, 2.4.
_GLOBAL_UNICAST = ip_network("2000::/3")
_DOCUMENTATION = ip_network("3fff::/20")  # RFC 9637, which not every supported Python knows


class UrlNotAllowed(CallerError):
    """A webhook cannot have this URL. The text says why, without the URL, which may hold a secret."""


class AddressNotAllowed(Exception):
    """The host of a URL stands for an address that we do not connect to."""


@dataclass(frozen=True, slots=True)
class Place:
    """An address that may be connected to, as the socket library names it."""

    family: int
    address: tuple[str, int] | tuple[str, int, int, int]


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Where a site lets webhooks lead; built from the settings of the same names, with their reasons."""

    allowed_networks: Sequence[IPv4Network | IPv6Network] = ()
    allow_loopback: bool = False

    def check(self, url: str) -> None:
        """Refuse a URL that no webhook may have. Raises UrlNotAllowed.

        A host that has no address at present is let through: that may change, and it is checked again.
        """
        if not _VISIBLE.fullmatch(url) or len(url) > LONGEST_URL:
            raise UrlNotAllowed(f"a webhook's URL has up to {LONGEST_URL:,} visible characters of ASCII")
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            raise UrlNotAllowed("this is no URL: write https://<host>/<path>") from None
        schemes = ("https", "http") if self.allow_loopback else ("https",)
        if parts.scheme not in schemes or not parts.hostname:
            raise UrlNotAllowed("a webhook's URL begins with https:// and a host")
        if "%" in parts.hostname:
            raise UrlNotAllowed("an address in a webhook's URL has no zone: that is link-local")
        if parts.username is not None or parts.fragment:
            raise UrlNotAllowed("a webhook's URL has no user, no password and no fragment: requests are signed")
        try:
            self.places(parts)
        except AddressNotAllowed as error:
            raise UrlNotAllowed(str(error)) from None
        except OSError:
            return

    def places(self, parts: SplitResult) -> list[Place]:
        """The addresses that the host of a URL stands for now, all of which we may connect to.

        Raises AddressNotAllowed where one is not, and OSError where there is none. It waits for the resolver.
        """
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        except UnicodeError:  # a host that no name can be
            raise OSError("no such host") from None
        for _, _, _, _, address in found:
            if not self.allows(str(address[0]), scheme=parts.scheme):
                raise AddressNotAllowed(
                    "its host stands for an address that is not public: webhooks.allowed_networks names others, "
                    "webhooks.allow_loopback is for development"
                )
        return [Place(family, address) for family, _, _, _, address in found]  # type: ignore[arg-type]  # of IPv4 or IPv6

    def allows(self, address: str, *, scheme: str) -> bool:
        """Whether an address may be connected to; without TLS it must be this machine's own."""
        addresses = _meant(address.partition("%")[0])
        if self.allow_loopback and all(one.is_loopback for one in addresses):
            return True
        if scheme != "https":
            return False
        return all(_is_public(one) or any(one in net for net in self.allowed_networks) for one in addresses)


def _meant(address: str) -> list[IPv4Address | IPv6Address]:
    """The address, and those it may be turned into on its way: what is mapped, tunnelled or translated."""
    found = ip_address(address)
    if isinstance(found, IPv4Address):
        return [found]
    if found.ipv4_mapped is not None:
        return [found.ipv4_mapped]
    if found in _NAT64:
        return [IPv4Address(int(found) & 0xFFFFFFFF)]
    inner = [found.sixtofour, *(found.teredo or ())]
    return [found, *(one for one in inner if one is not None)]


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and (address not in _GLOBAL_UNICAST or address in _DOCUMENTATION):
        return False
    return address.is_global and not address.is_multicast
