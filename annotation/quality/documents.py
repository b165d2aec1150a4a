"""A report as a document that leaves the house: API, command and printable report."""

from annotation.quality.analyses import ANALYSES
from annotation.quality.models import Report


def handles_of(project) -> dict[int, str]:
    """{user id: handle}, of members past and present."""
    return dict(project.memberships.values_list("user_id", "handle"))


def people_of(project) -> dict[int, tuple[str, int]]:
    """{user id: (handle, membership id)}, of members past and present."""
    rows = project.memberships.values_list("user_id", "handle", "pk")
    return {user: (handle, member) for user, handle, member in rows}


def public_result(report: Report) -> dict:
    kept_back = ANALYSES[report.kind].kept_back
    return {key: part for key, part in report.result.items() if key not in kept_back}


def as_document(report: Report) -> dict:
    """With all that is needed to compute it again, and the names that its ids stand for."""
    return {
        "kind": report.kind,
        "result": public_result(report),
        "labelers": {str(pk): handle for pk, handle in handles_of(report.project).items()},
        "input_sha256": report.input_sha256,
        "code_version": report.code_version,
        "computed_at": report.computed_at,
    }
