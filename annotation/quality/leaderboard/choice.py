"""Which of the figures in a report the address asks for."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from annotation.quality.leaderboard.scales import SCALES

TIES = {
    "davidson": _("modelled (Davidson)"),
    "half": _("half a win each"),
    "drop": _("left out"),
}
PRIORS = {"0": pgettext_lazy("prior", "none"), "0.5": _("half a win and a loss")}
MODELS = {
    "davidson": "Davidson",
    "half": _("Bradley–Terry, a tie half a win each"),
    "drop": _("Bradley–Terry, ties left out"),
}


@dataclass(frozen=True)
class Option:
    value: str
    label: str | Promise
    is_chosen: bool


@dataclass(frozen=True)
class Choice:
    """What is shown: of which criterion ("" the rankings), with which ties and prior, on which
    scale. What the address does not say, or says wrongly, is the first of each."""

    criterion: str
    tie_model: str
    prior: str
    scale: str

    @classmethod
    def of(cls, said: Mapping[str, str], criteria: Mapping[str, str | Promise]) -> "Choice":
        def pick(name: str, options: Mapping) -> str:
            value = said.get(name, "")
            return value if value in options else next(iter(options))

        return cls(
            pick("criterion", criteria),
            pick("ties", TIES),
            pick("prior", PRIORS),
            pick("scale", SCALES),
        )

    def board_in(self, boards: list[dict]) -> dict:
        return next(board for board in boards if (board["criterion"] or "") == self.criterion)

    def fit_in(self, board: dict) -> dict | None:
        return next(
            (
                fit
                for fit in board["fits"]
                if fit["tie_model"] == self.tie_model and fit["prior"] == float(self.prior)
            ),
            None,
        )


@dataclass(frozen=True)
class Switches:
    criteria: list[Option]
    ties: list[Option]
    priors: list[Option]
    scales: list[Option]


def criteria_of(boards: list[dict]) -> dict[str, str | Promise]:
    """The whole ranking, and the criteria that were rated."""
    _whole, *others = boards
    rated = {one["criterion"]: one["label"] for one in others if one["reason"] is None}
    return {"": _("the whole ranking")} | rated


def switches_of(choice: Choice, criteria: Mapping[str, str | Promise]) -> Switches:
    def options(labels: Mapping, chosen: str) -> list[Option]:
        return [Option(value, label, value == chosen) for value, label in labels.items()]

    return Switches(
        options(criteria, choice.criterion),
        options(TIES, choice.tie_model),
        options(PRIORS, choice.prior),
        options({key: scale.label for key, scale in SCALES.items()}, choice.scale),
    )


def method_of(fit: Mapping) -> str:
    """How abilities were found, in the reader's words: a report says it in English alone."""
    said = [str(MODELS[fit["tie_model"]])]
    if fit["prior"]:
        said.append(gettext("a prior of half a win and half a loss each"))
    if "position" in fit["effects"]:
        said.append(gettext("with position"))
    return ", ".join(said)
