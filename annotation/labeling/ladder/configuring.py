"""The rules of a project's ladder."""

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import DomainError
from annotation.labeling.ladder.items import refuse_an_empty_beginning
from annotation.projects.models import LadderSettings

FIELDS = [
    "first_stage",
    "retakes",
    "retake_wait_hours",
    "shows_test_items",
    "probation_items",
    "probation_percent",
    "promotes",
]
MOST_ITEMS, MOST_HOURS = 100_000, 24 * 365


def configure(*, project, actor, **rules) -> LadderSettings:
    """Whoever joins from now on begins there; whoever is in the project stays where they are."""
    for name, most in (
        ("retakes", 20),
        ("retake_wait_hours", MOST_HOURS),
        ("probation_items", MOST_ITEMS),
        ("probation_percent", 100),
    ):
        if not 0 <= rules[name] <= most:
            raise DomainError(_("One of the numbers is out of range."))
    if rules["first_stage"] not in LadderSettings.First.values:
        raise DomainError(_("Choose where new labelers begin."))
    with transaction.atomic():
        saved, _made = LadderSettings.objects.update_or_create(
            project=project, defaults={name: rules[name] for name in FIELDS}
        )
        refuse_an_empty_beginning(project)
        audit.record(
            "ladder.configured",
            actor=actor,
            project=project,
            target=project.slug,
            **{name: rules[name] for name in FIELDS},
        )
    return saved
