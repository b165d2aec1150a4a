"""What became of an import, in one sentence."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from annotation.core.numbers import grouped
from annotation.prompts.models import Import

_COUNTED = {
    "items": ngettext_lazy("%(count)s item", "%(count)s items", "number"),
    "prompts": ngettext_lazy("%(count)s prompt", "%(count)s prompts", "number"),
    "responses": ngettext_lazy("%(count)s response", "%(count)s responses", "number"),
    "generators": ngettext_lazy("%(count)s generator", "%(count)s generators", "number"),
    "attachments": ngettext_lazy("%(count)s attachment", "%(count)s attachments", "number"),
    "gold": ngettext_lazy("%(count)s known answer", "%(count)s known answers", "number"),
    "judgments": ngettext_lazy("%(count)s judgment", "%(count)s judgments", "number"),
    "labelers": ngettext_lazy("%(count)s labeler", "%(count)s labelers", "number"),
    "errors": ngettext_lazy("%(count)s error", "%(count)s errors", "number"),
    "lines": ngettext_lazy("%(count)s line", "%(count)s lines", "number"),
}
_INSERTED = (
    "items",
    "prompts",
    "responses",
    "generators",
    "attachments",
    "gold",
    "judgments",
    "labelers",
)


def summary(imported: Import) -> str:
    counts = imported.counts
    if imported.state == Import.State.REFUSED:
        return _("Nothing was imported: %(errors)s in %(lines)s.") % {
            "errors": _counted("errors", imported.error_count),
            "lines": _counted("lines", imported.line_count),
        }
    if imported.state == Import.State.UNCHANGED:
        text = (
            _("Nothing new: all %(count)s items are here already.")
            if imported.kind == Import.Kind.ITEMS
            else _("Nothing new: all %(count)s judgments are here already.")
        )
        return text % {"count": grouped(counts["unchanged"])}
    if imported.state == Import.State.PENDING:
        return _("The import waits for its turn.")
    told = [_counted(name, counts[name]) for name in _INSERTED if counts.get(name)]
    sentences = [_("Imported %(what)s.") % {"what": ", ".join(told)}]
    if count := counts.get("unchanged"):
        sentences.append(_("%(count)s were here already.") % {"count": grouped(count)})
    if count := counts.get("repeated"):
        sentences.append(_("%(count)s lines repeat another one.") % {"count": grouped(count)})
    return " ".join(sentences)


def _counted(name: str, number: int) -> str:
    return _COUNTED[name] % {"number": number, "count": grouped(number)}
