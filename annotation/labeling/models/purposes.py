"""Why an item is lent: the same page for the labeler, another use of the answer."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Purpose(models.TextChoices):
    """Only work fills an item's overlap, and counts in agreement and datasets by default."""

    WORK = "work", _("Work")
    GOLD = "gold", _("Gold")
    TRAINING = "training", pgettext_lazy("of a labeler", "Training")
    TEST = "test", _("Test")
    CALIBRATION = "calibration", _("Calibration")
    # Judged before by the same labeler: what they say now is compared with what they said then.
    REPEAT = "repeat", pgettext_lazy("of an item", "Repeat")


# What counts as done against a quota, a daily cap and a probation. Gold and repeats do: a counter
# that stood still would tell which item was one.
COUNTED = (Purpose.WORK, Purpose.GOLD, Purpose.REPEAT)

# On the way to the work: answered for the labeler's own sake, never taken back or changed.
ON_THE_LADDER = frozenset({Purpose.TRAINING, Purpose.TEST})
