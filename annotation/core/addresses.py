"""Which addresses on the network we ever connect to: strict reading, no guessing. Pure.

What the resolver's library makes of `127.1`, `0x7f000001` or `①②⑦.⓪.⓪.①` is the loopback
address, and `ipaddress.is_global` is True for NAT64 and 6to4 forms of it. So hosts are read by a
narrow grammar, and addresses are compared with ranges that are named here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_noop

from annotation.core.errors import DomainError

Address = IPv4Address | IPv6Address

# Anything public over TLS, in a list of origins.
ANY_PUBLIC = "https://*"
PORTS = {"https": 443, "http": 80}
LONGEST_URL = 500  # that somebody sets
LONGEST_REQUEST = 8000  # that is asked for: an address that a storage signed is long

GLOBAL_V6 = ip_network("2000::/3")
# Protocol assignments with Teredo, documentation, 6to4 (which names a v4 address), documentation.
NOT_GLOBAL_V6 = [
    ip_network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]
NOT_GLOBAL_V4 = [
    ip_network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind a carrier's NAT; some clouds' metadata
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]

# What an organisation uses inside. This machine is not among them, nor a cloud's metadata.
INTERNAL = [
    ip_network(net)
    for net in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
]

# Metadata of clouds within those: Alibaba's, and Amazon's over IPv6.
METADATA = frozenset(map(ip_address, ("100.100.100.200", "fd00:ec2::254")))

# Printable ASCII without space, backslash, fragment and @: what parsers disagree about.
URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[!\"$-?A-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# The last label of a name has a letter first; so 127.1 and 0x7f000001 are no names.
LAST_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


class Refused(DomainError):
    """We do not connect to that. The sentence is English; pages translate it."""


UNREADABLE = gettext_noop(
    "This is no address we can use: write https://, a host name, and a path, in plain letters, "
    "without user name, password or fragment."
)
NOT_ALLOWED = gettext_noop(
    "Concord does not connect to this host: an operator must allow it first "
    "(CONCORD_EGRESS_ORIGINS)."
)
NOT_PUBLIC = gettext_noop("This host has an address that is not public, so it is refused.")


@dataclass(frozen=True)
class Target:
    """A URL that was read: where to connect, and what to ask for."""

    scheme: str
    host: str  # a name, or an address without brackets
    port: int
    path: str

    @property
    def address(self) -> Address | None:
        """The host as an address, where it is written as one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host_header}"


def parse(url: str, *, longest: int = LONGEST_URL) -> Target:
    """Read a URL, or refuse it. What is not surely understood is refused."""
    match = URL.fullmatch(url) if len(url) <= longest else None
    if match is None:
        raise Refused(UNREADABLE)
    scheme, host = match["scheme"].lower(), match["host"].lower()
    port = int(match["port"] or PORTS[scheme])
    if not 1 <= port <= 65535 or not _is_host(host):
        raise Refused(UNREADABLE)
    return Target(scheme, _plain(host), port, match["path"] or "/")


def _is_host(host: str) -> bool:
    if host.startswith("[") or host.replace(".", "").isdigit():
        try:
            ip_address(host.strip("[]"))
        except ValueError:
            return False
        return True
    *labels, last = host.split(".")
    is_named = all(LABEL.fullmatch(label) for label in labels) and LAST_LABEL.fullmatch(last)
    return bool(is_named) and len(host) <= 253


def _plain(host: str) -> str:
    """One spelling for one host: IPv6 in its short form, without brackets."""
    return str(ip_address(host.strip("[]"))) if host.startswith("[") else host


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could be meant. Everything not known to be is not."""
    if isinstance(address, IPv4Address):
        return not any(address in net for net in NOT_GLOBAL_V4)
    return address in GLOBAL_V6 and not any(address in net for net in NOT_GLOBAL_V6)


def is_internal(address: Address) -> bool:
    """Whether it is of an organisation's own network."""
    return address not in METADATA and any(address in net for net in INTERNAL)


def _origin(entry: str, setting: str) -> str:
    """An entry of the list in its one spelling. An unreadable list stops the start."""
    try:
        target = parse(entry)
    except Refused as error:
        raise ImproperlyConfigured(f"{setting}: “{entry}” is no origin.") from error
    if target.path != "/":
        raise ImproperlyConfigured(f"{setting}: “{entry}” has a path; an origin none.")
    return target.origin


class Origins:
    """An operator's list of what may be connected to. Empty: nothing. With `opens_internal` a
    listed name may resolve to an address inside."""

    def __init__(
        self,
        listed: Iterable[str],
        *,
        opens_internal: bool = False,
        setting: str = "CONCORD_EGRESS_ORIGINS",
    ):
        self.opens_internal = opens_internal
        entries = [entry.strip() for entry in listed if entry.strip()]
        self.has_any_public = ANY_PUBLIC in entries
        self.named = frozenset(_origin(entry, setting) for entry in entries if entry != ANY_PUBLIC)

    def __bool__(self) -> bool:
        return self.has_any_public or bool(self.named)

    def check(self, target: Target) -> None:
        """Refuse what the list does not cover. Other ports and plain HTTP must be named."""
        is_plain_https = target.scheme == "https" and target.port == PORTS["https"]
        if target.origin in self.named:
            return
        if not (self.has_any_public and is_plain_https):
            raise Refused(NOT_ALLOWED)
        if target.address is not None:
            self.check_address(target, target.address)

    def check_address(self, target: Target, address: Address) -> None:
        """Refuse an address that is not public, unless the operator named that very address: a
        listed name by itself opens no private network, whatever it resolves to."""
        is_named = target.origin in self.named
        is_meant = is_named and target.address == address
        is_inside = is_named and self.opens_internal and is_internal(address)
        if not (is_meant or is_inside or is_public(address)):
            raise Refused(NOT_PUBLIC)
