"""What became of each line of a list of people, to be kept as a file.

Nothing of it is stored: the addresses that were left out are of people who were never asked. The
page carries the report, signed, and gets it back as a file.
"""

import csv
import io

from django.core import signing
from django.http import FileResponse

from annotation.core.downloads import attachment
from annotation.core.errors import NotFound
from annotation.core.spreadsheet import cell
from annotation.projects.invitations.addresses import Listed
from annotation.projects.models import Project

SALT = "concord.invitations.report"
LASTS_SECONDS = 24 * 3600
COLUMNS = ("line", "text", "result", "reason")


def signed_report(project: Project, found: Listed) -> str:
    """For a hidden field of the page that says what was left out."""
    rows = [[one.line, one.email, "invited", ""] for one in found.invitees]
    rows += [[one.line, one.said, "left out", one.sentence] for one in found.problems]
    content = {"project": project.pk, "rows": sorted(rows)}
    return signing.dumps(content, salt=SALT, compress=True)


def report_response(project: Project, signed: str) -> FileResponse:
    """The file. NotFound for what we have not signed, for another project, or too long ago."""
    try:
        content = signing.loads(signed, salt=SALT, max_age=LASTS_SECONDS)
    except signing.BadSignature as error:
        raise NotFound("There is no such report.") from error
    if content["project"] != project.pk:
        raise NotFound("There is no such report.")
    buffer = io.StringIO()
    lines = csv.writer(buffer)
    lines.writerow(COLUMNS)
    lines.writerows([cell(value) for value in row] for row in content["rows"])
    # With a byte order mark, without which Excel takes UTF-8 for something else.
    whole = b"\xef\xbb\xbf" + buffer.getvalue().encode()
    return attachment([whole], name=f"invitations-{project.slug}.csv", content_type="text/csv")
