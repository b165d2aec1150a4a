"""What can go wrong with an endpoint, as data: a word for the row, a sentence for the page, and
what to do about it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from annotation.core.errors import DomainError

LONGEST_DETAIL = 300


class Then(StrEnum):
    """What follows from a fault."""

    AGAIN = "again"  # it may pass: ask again after a while
    NEXT = "next"  # this request came to nothing; another one may do better
    STOP = "stop"  # no request can do better until somebody changes something


class Meaning(NamedTuple):
    sentence: str  # may name the detail
    then: Then


FAULTS: dict[str, Meaning] = {
    # No answer.
    "refused": Meaning(_("Concord may not connect there: %(detail)s"), Then.STOP),
    "unresolved": Meaning(_("The host's name could not be resolved."), Then.AGAIN),
    "unreachable": Meaning(
        _("The endpoint could not be reached, or it hung up before it had answered."), Then.AGAIN
    ),
    "tls": Meaning(_("The endpoint's certificate does not prove who it is."), Then.STOP),
    "slow": Meaning(
        _("The endpoint had not answered in full after %(detail)s seconds."), Then.AGAIN
    ),
    "lost_key": Meaning(
        _("The endpoint's key cannot be read any more: replace the key."), Then.STOP
    ),
    # An answer that is a refusal.
    "wrong_key": Meaning(
        _("The endpoint does not accept the key (status 401). %(detail)s"), Then.STOP
    ),
    "forbidden": Meaning(
        _("The key may not use this model or this address (status 403). %(detail)s"), Then.STOP
    ),
    "absent": Meaning(
        _(
            "There is no such address or no such model there (status 404): look at the base "
            "address and the name of the model. %(detail)s"
        ),
        Then.STOP,
    ),
    "unpaid": Meaning(_("The account there is out of credit. %(detail)s"), Then.STOP),
    "elsewhere": Meaning(
        _("The endpoint sends us to another address (status %(detail)s); we follow nobody."),
        Then.STOP,
    ),
    "busy": Meaning(
        _("The endpoint says that it is asked too much (status 429). %(detail)s"), Then.AGAIN
    ),
    "long_wait": Meaning(
        _("The endpoint wants us to wait for %(detail)s seconds, which is too long."), Then.STOP
    ),
    "broken": Meaning(_("The endpoint itself failed (status %(detail)s)."), Then.AGAIN),
    "rejected": Meaning(_("The endpoint rejects the request (status %(detail)s)."), Then.NEXT),
    # An answer that is none.
    "not_http": Meaning(_("What the endpoint answered is not HTTP that we can read."), Then.AGAIN),
    "cut": Meaning(_("The endpoint broke off in the middle of its answer."), Then.AGAIN),
    "too_large": Meaning(
        _("The endpoint's answer is larger than the %(detail)s MB that we read."), Then.NEXT
    ),
    "not_json": Meaning(
        _("The endpoint answered with %(detail)s where JSON was expected: is the address right?"),
        Then.NEXT,
    ),
    "bad_json": Meaning(_("The endpoint's JSON cannot be read: %(detail)s"), Then.NEXT),
    "shape": Meaning(
        _("The endpoint's answer is not as the protocol has it: %(detail)s"), Then.NEXT
    ),
    "no_choices": Meaning(_("The endpoint answered without a single response."), Then.NEXT),
    "too_many": Meaning(
        _("The endpoint gave more responses than it was asked for: %(detail)s."), Then.NEXT
    ),
    "no_text": Meaning(
        _("The endpoint gave a response without a text (finish reason %(detail)s)."), Then.NEXT
    ),
    "long_text": Meaning(
        _("A response has %(detail)s characters, which is more than we keep."), Then.NEXT
    ),
    "long_prompt": Meaning(_("The prompt is longer than the model reads."), Then.NEXT),
    "control_token": Meaning(
        _("The prompt spells one of the model's control tokens, which would end a turn."),
        Then.NEXT,
    ),
    "chat_template": Meaning(
        _(
            "The model's chat template does not take the prompt: often it has no place for a "
            "system message, or user and assistant do not take turns."
        ),
        Then.NEXT,
    ),
    "no_verdict": Meaning(_("What the classifier answered is no verdict: %(detail)s"), Then.NEXT),
    "echo": Meaning(
        _("The endpoint's answer contains the key. Nothing of it is kept: change the key there."),
        Then.STOP,
    ),
}


@dataclass(frozen=True)
class Fault:
    """One thing that went wrong: a key of FAULTS, and what it was in particular."""

    name: str
    detail: str = ""

    @property
    def then(self) -> Then:
        return FAULTS[self.name].then

    @property
    def sentence(self) -> str:
        """In the language of whoever reads it. What a server said stays as it was said."""
        # The way out gives a whole sentence of ours; all else is what a server said.
        detail = gettext(self.detail) if self.name == "refused" else self.detail
        return gettext(FAULTS[self.name].sentence).replace("%(detail)s", detail).strip()


class EndpointFailed(DomainError):
    """An endpoint that was asked, and what came of it instead of an answer."""

    status = 502

    def __init__(self, name: str, detail: str = "", *, wait_seconds: float | None = None):
        self.fault = Fault(name, detail[:LONGEST_DETAIL])
        # What its Retry-After says.
        self.wait_seconds = wait_seconds
        super().__init__(self.fault.sentence)
