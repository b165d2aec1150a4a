"""What a run by an endpoint may be told."""

from annotation.core.errors import DomainError
from annotation.core.options import Option, read_options
from annotation.core.text import clean

LONGEST_SYSTEM = 20_000
N, MAX_TOKENS = 4, 512

# None is left to the endpoint, and not sent.
OPTIONS = (
    Option("n", int, N, "Responses per prompt.", 1, 64),
    Option("max_tokens", int, MAX_TOKENS, "The longest response, in tokens.", 1, 1_000_000),
    Option("temperature", float, None, "0 always takes the likeliest token.", 0.0, 10.0),
    Option("top_p", float, None, "Nucleus: the smallest set with this probability.", 1e-6, 1.0),
    Option("seed", int, None, "Same seed, same responses, where the endpoint can.", 0, 2**31 - 1),
    Option("system", str, "", "A system message before each prompt."),
)


def read(given) -> dict:
    """The options, checked; those that bound the cost are always among them."""
    read = {"n": N, "max_tokens": MAX_TOKENS, **read_options(OPTIONS, given, "generation")}
    system = clean(read.get("system", ""), field="system")
    if len(system) > LONGEST_SYSTEM:
        raise DomainError(f"The system message has more than {LONGEST_SYSTEM:,} characters.")
    return {name: value for name, value in read.items() if value is not None}
