"""The panel beside the answers as it would look with a draft."""

from annotation.labeling.bench.panel import RubricPanel
from annotation.projects.models import Criterion, RubricVersion
from annotation.projects.rubrics.document import RubricSpec
from annotation.projects.services import CRITERION_FIELDS, current_rubric

RESPONSES = 2


def panel_of(project, spec: RubricSpec) -> RubricPanel:
    """Of rows that are never saved. Criteria with an empty scale are left out."""
    live = current_rubric(project)
    version = RubricVersion(
        project=project, number=live.number + 1 if live else 1, guideline=spec.guideline
    )
    version.criteria_list = [
        _row(one) for one in spec.criteria if one.scale_min < one.scale_max and one.key
    ]
    shown = {criterion.key for criterion in version.criteria_list}
    version.priorities = [key for key in spec.priorities if key in shown]
    return RubricPanel(
        version,
        RESPONSES,
        project.rationale,
        project.confidence,
        has_order=project.ordering != "none",
        slug=project.slug,
    )


def _row(spec) -> Criterion:
    criterion = Criterion(**{name: getattr(spec, name) for name in CRITERION_FIELDS})
    criterion.example_list = [vars(example) for example in spec.examples]
    return criterion
