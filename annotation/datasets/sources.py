"""The projects that a dataset is made of, read as one.

Of one project everything is called as it is there. Of several, an item's id, a batch and a handle
are only somebody's in their own project: items and batches are named with it (`shop/x17`), and a
labeler has a pseudonym of this dataset, one for a person however many of the projects they judged
in (decision 1243).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import merge
from itertools import groupby
from operator import attrgetter, itemgetter

from django.utils.translation import gettext as _

from annotation.datasets import source
from annotation.datasets.opinions import judge_of
from annotation.datasets.policy import Policy, PolicyError
from annotation.projects.models import Membership, Project

SEPARATOR = "/"
PSEUDONYM = "labeler"
MOST = 20  # projects of a dataset
Messages = tuple[str, list[dict]]


def named_in(project: Project, name: str) -> str:
    """What somebody's name in a project is called in a dataset of several."""
    return f"{project.slug}{SEPARATOR}{name}"


@dataclass(frozen=True)
class Sources:
    """`projects` in the order in which their items' names sort. `policy` as it is written into the
    manifest."""

    projects: tuple[Project, ...]
    policy: Policy

    @classmethod
    def of(cls, project: Project, further: Iterable[Project], policy: Policy) -> "Sources":
        every = {one.pk: one for one in (project, *further)}
        if len(every) > MOST:
            raise PolicyError(
                _("A dataset takes from at most %(count)d projects.") % {"count": MOST},
                field="projects",
            )
        ordered = sorted(every.values(), key=lambda one: named_in(one, ""))
        found = cls(tuple(ordered), policy)
        judge_of(project, policy)  # refuses a name that is nobody's
        if found.are_several:
            _check(policy, found.projects)
        return found

    @property
    def are_several(self) -> bool:
        return len(self.projects) > 1

    def policy_of(self, project: Project) -> Policy:
        """What the policy asks of one of them, in its own words."""
        if not self.are_several:
            return self.policy
        return replace(
            self.policy,
            batches=_own(self.policy.batches, project),
            without_labelers=_own(self.policy.without_labelers, project),
        )

    @cached_property
    def people(self) -> Mapping[int, str]:
        """What whose judgments count is called, by user id; empty where handles say it."""
        if not self.are_several:
            return {}
        first: dict[int, tuple[str, str]] = {}
        for project in self.projects:
            for user, handle in _labelers(project, self.policy_of(project)):
                first.setdefault(user, (project.slug, handle))
        ordered = sorted(first, key=first.__getitem__)
        return {user: f"{PSEUDONYM}-{place}" for place, user in enumerate(ordered, start=1)}

    def have_corrections(self) -> bool:
        return any(source.has_corrections(one, self.policy_of(one)) for one in self.projects)

    def read_prompts(self, below: str = "") -> Iterator[source.PromptRecord]:
        """As `source.read_prompts`: a prompt of two projects comes once, with the items of
        both."""
        streams = [self._named(one, below) for one in self.projects]
        by_prompt = attrgetter("sha256")
        for _sha256, found in groupby(merge(*streams, key=by_prompt), key=by_prompt):
            prompt, *others = found
            for other in others:
                prompt.items += other.items
                prompt.demonstrations += other.demonstrations
            yield prompt

    def read_messages(self, below: str = "") -> Iterator[Messages]:
        streams = [source.read_messages(one, self.policy_of(one), below) for one in self.projects]
        by_prompt = itemgetter(0)
        for _sha256, found in groupby(merge(*streams, key=by_prompt), key=by_prompt):
            yield next(found)

    def _named(self, project: Project, below: str) -> Iterator[source.PromptRecord]:
        naming = source.Naming()
        if self.are_several:
            naming = source.Naming(project.slug, named_in(project, ""), self.people)
        return source.read_prompts(project, self.policy_of(project), below, naming)


def _own(names: Sequence[str], project: Project) -> tuple[str, ...]:
    prefix = named_in(project, "")
    return tuple(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def _labelers(project: Project, policy: Policy) -> list[tuple[int, str]]:
    """(user, handle) of those whose judgments of the project count."""
    judged = source.counted_judgments(project, policy).order_by().values("labeler")
    members = Membership.objects.filter(project=project, user__in=judged)
    return list(members.values_list("user", "handle"))


def _check(policy: Policy, projects: Sequence[Project]) -> None:
    """Names in a policy over several projects say whose they are."""
    if policy.judge:
        raise PolicyError(
            _("An AI judge belongs to one project: it cannot count in several at once."),
            field="judge",
        )
    known = {one.slug for one in projects}
    for field in ("batches", "without_labelers"):
        for name in getattr(policy, field):
            slug, separator, rest = name.partition(SEPARATOR)
            if slug not in known or not separator or not rest:
                raise PolicyError(
                    _(
                        "“%(name)s” does not say of which project it is: in a dataset over "
                        "several projects write it as %(example)s."
                    )
                    % {"name": name, "example": named_in(projects[0], name)},
                    field=field,
                )
    if policy.rubric_versions:
        raise PolicyError(
            _(
                "Versions of a rubric are numbered in each project by itself: they cannot be "
                "chosen for several at once."
            ),
            field="rubric_versions",
        )
