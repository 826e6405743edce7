"""Whose an address is, where something is counted by address."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network


@lru_cache(maxsize=10_000)
def network_of(address: str) -> str:
    """What an address is counted as: of IPv6 its /64, because who has one address of that has all of them."""
    try:
        source = ip_address(address)
    except ValueError:
        return address
    if isinstance(source, IPv6Address):
        return str(source.ipv4_mapped or ip_network((source, 64), strict=False))
    return address
