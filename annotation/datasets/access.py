"""Who may do something with a dataset of several projects: whoever may in each of them.

For others it is not there (decision 1243). The right is asked for each time, so who leaves one of
the projects loses the dataset with it.
"""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef
from django.http import Http404

from annotation.datasets.models import Dataset, DatasetSource
from annotation.projects.models import Project
from annotation.projects.permissions import may, projects_where, row_for


def open_to(datasets, user, action: str):
    """Of these, whose own project was checked, those of which no further project is closed."""
    able = projects_where(user, action).values("pk")
    closed = DatasetSource.objects.filter(dataset=OuterRef("pk")).exclude(project__in=able)
    return datasets.exclude(Exists(closed))


def datasets_in(project: Project, user, action: str = "see_datasets"):
    """The datasets of a project in which the user may do that."""
    return open_to(project.datasets.all(), user, action)


def dataset_for(user, digest: str, action: str = "see_datasets") -> Dataset:
    """The dataset, in a project in which the user may do that; else Http404. Two projects may hold
    the same one."""
    return row_for(open_to(Dataset.objects.filter(hash=digest), user, action), user, action)


def lendable(user, project: Project):
    """Projects whose judgments the user may put into a dataset of this one."""
    return projects_where(user, "freeze").exclude(pk=project.pk).order_by("slug")


def further_for(user, project: Project, slugs: Iterable[str]) -> list[Project]:
    """Those projects; Http404 where one is not there for the user."""
    wanted = set(slugs) - {project.slug}
    found = list(lendable(user, project).filter(slug__in=wanted).distinct())
    if len(found) < len(wanted):
        raise Http404
    return found


def may_in_all(user, action: str, projects: Iterable[Project]) -> bool:
    return all(may(user, action, project) for project in projects)
