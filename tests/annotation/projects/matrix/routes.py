"""A row of the table, what it expects, and the addresses that the resolver knows."""

from dataclasses import dataclass, field

from django.urls import URLPattern, get_resolver

from annotation.projects.permissions import ACTIONS

PUBLIC, SIGNED_IN, SITE_ADMIN = "public", "signed in", "site admin"
METHODS = ("GET", "HX", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")  # HX: GET by htmx
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
ANY = " ".join(method for method in METHODS if method != "HX")


@dataclass(frozen=True)
class Route:
    """`may` is an action of permissions.py or one of the words above; two rows where the methods
    of an address differ in it."""

    name: str
    may: str
    methods: str = "GET"  # HEAD, OPTIONS and the fragment for htmx come along
    own: bool = False  # open only to the person whose object it is
    is_shared: bool = False  # the object is of no project: site admins see it from any
    gives: tuple[int, ...] = ()  # what an allowed call answers, where it is not the usual
    sends: dict = field(default_factory=dict)  # a body; "{digest}" is filled like the address
    query: str = ""  # for what answers only to a question
    kwargs: dict = field(default_factory=dict)  # other objects of the world than the usual ones

    def __post_init__(self):
        known = {*ACTIONS, PUBLIC, SIGNED_IN, SITE_ADMIN}
        assert self.may in known, f"{self.name}: there is no action {self.may!r}"

    @property
    def is_api(self) -> bool:
        return self.name.split(":")[0].endswith("-api") or self.name.startswith("api-")

    @property
    def namespace(self) -> str:
        return self.name.split(":")[0] if ":" in self.name else "root"


@dataclass(frozen=True)
class Address:
    name: str
    kwargs: frozenset[str]


def addresses(resolver=None, namespace="") -> list[Address]:
    """Every URL that a request can reach. One without a name is a finding of its own."""
    found = []
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            name = f"{namespace}:{pattern.name}" if namespace else pattern.name
            found.append(Address(name, frozenset(pattern.pattern.regex.groupindex)))
        else:
            found += addresses(pattern, getattr(pattern, "namespace", None) or namespace)
    return found


def by_method(routes) -> dict[tuple[str, str], Route]:
    """(name, method) → its row, for the methods that are open to anybody at all."""
    table = {}
    for route in routes:
        declared = route.methods.split()
        assert set(declared) <= {*METHODS}, route
        for method in declared:
            assert (route.name, method) not in table, f"{route.name}: two rows for {method}"
            table[route.name, method] = route
        if "GET" in declared:
            table.setdefault((route.name, "HEAD"), route)
            if not route.is_api:
                table[route.name, "HX"] = route
    return table
