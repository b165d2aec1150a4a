"""Finding somebody among the people of a project: a part of the handle, a role."""

from dataclasses import dataclass
from urllib.parse import urlencode

from annotation.core.text import unstorable_at
from annotation.projects.models import Membership


@dataclass(frozen=True)
class Search:
    """What is asked for. Nonsense in an address asks for nothing."""

    handle: str = ""
    role: str = ""
    page: str = ""

    @classmethod
    def of(cls, query) -> "Search":
        handle = query.get("q", "").strip()
        role = query.get("role", "")
        return cls(
            handle="" if unstorable_at(handle) is not None else handle,
            role=role if role in Membership.Role.values else "",
            page=query.get("page", ""),
        )

    def among(self, memberships):
        if self.handle:
            memberships = memberships.filter(handle__icontains=self.handle)
        return memberships.filter(role=self.role) if self.role else memberships

    @property
    def query(self) -> str:
        """The same search as the end of an address, without the page: “&q=…” or nothing."""
        asked = {"q": self.handle, "role": self.role}
        return "".join(f"&{urlencode({name: said})}" for name, said in asked.items() if said)

    @property
    def query_of_page(self) -> str:
        page = f"page={self.page}" if self.page.isdecimal() else ""
        return (page + self.query).lstrip("&")
