"""What a run by an endpoint may be told."""

from django.utils.translation import gettext as _

from annotation.candidates.generation.framing import PLACE
from annotation.core.errors import DomainError
from annotation.core.numbers import grouped
from annotation.core.options import BadOption, Option, read_options
from annotation.core.text import clean

LONGEST_SYSTEM = LONGEST_TEMPLATE = 20_000
N, MAX_TOKENS = 4, 512
MOST_SETS = 12  # of one order

# None is left to the endpoint, and not sent.
OPTIONS = (
    Option("n", int, N, "Responses per prompt.", 1, 64),
    Option("max_tokens", int, MAX_TOKENS, "The longest response, in tokens.", 1, 1_000_000),
    Option("temperature", float, None, "0 always takes the likeliest token.", 0.0, 10.0),
    Option("top_p", float, None, "Nucleus: the smallest set with this probability.", 1e-6, 1.0),
    Option("seed", int, None, "Same seed, same responses, where the endpoint can.", 0, 2**31 - 1),
    Option("system", str, "", "A system message before each prompt."),
    Option("template", str, "", "Text around each prompt's last message, with {prompt} in it."),
)

NAMES = [option.name for option in OPTIONS]


def read(given) -> dict:
    """The options, checked; those that bound the cost are always among them."""
    read = {"n": N, "max_tokens": MAX_TOKENS, **read_options(OPTIONS, given, "generation")}
    _check_text(read, "system", LONGEST_SYSTEM)
    _check_text(read, "template", LONGEST_TEMPLATE)
    template = read.get("template")
    if template and PLACE not in template:
        raise BadOption(
            "template",
            _("A template has %(place)s where the prompt's text belongs.") % {"place": PLACE},
        )
    return {name: value for name, value in read.items() if value is not None}


def read_sets(given) -> list[dict]:
    """Every set of an order, checked. DomainError names the set, where there are several."""
    if not 1 <= len(given) <= MOST_SETS:
        raise DomainError(
            _("An order has 1 to %(most)d sets of parameters.") % {"most": MOST_SETS}
        )
    sets = []
    for number, one in enumerate(given, start=1):
        try:
            params = read(one)
        except DomainError as error:
            raise _in_set(error, number, len(given)) from error
        if params in sets:
            raise DomainError(
                _("Set %(one)d and set %(other)d are the same.")
                % {"one": sets.index(params) + 1, "other": number}
            )
        sets.append(params)
    return sets


def _in_set(error: DomainError, number: int, count: int) -> DomainError:
    if count == 1:
        return error
    named = {"number": number, "error": str(error)}
    return DomainError(_("Set %(number)d: %(error)s") % named)


def _check_text(read: dict, name: str, longest: int) -> None:
    text = clean(read.get(name, ""), field=name)
    if len(text) > longest:
        raise BadOption(
            name,
            _("“%(name)s” has more than %(count)s characters.")
            % {"name": name, "count": grouped(longest)},
        )
