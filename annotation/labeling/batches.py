"""What a batch of items is called where people read it. Pure: a key in, words out."""

import re

from django.utils.translation import gettext as _

IMPORT = re.compile(r"import:([0-9]+)")
EVALUATION = re.compile(r"evaluation:([0-9]+)")
ROUND = re.compile(r"round:([0-9]+):(.+)")


def batch_label(batch: str) -> str:
    """Keys that we make are told in words; a name that a person chose is their own."""
    if found := IMPORT.fullmatch(batch):
        return _("Import %(number)s") % {"number": found[1]}
    if found := EVALUATION.fullmatch(batch):
        return _("Evaluation %(number)s") % {"number": found[1]}
    if found := ROUND.fullmatch(batch):
        return _("Round %(number)s: %(part)s") % {"number": found[1], "part": found[2]}
    return batch
