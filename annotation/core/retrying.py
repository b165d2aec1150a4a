"""A request to somebody else's server, asked again while it is busy or breaks off; for requests
that may safely arrive twice. Each try has the bounds of core/egress.py."""

from collections.abc import Callable

from annotation.core import egress

TRIES = 4
PAUSE = 1.0  # seconds before the second try; doubled each time
BUSY = {408, 429, 500, 502, 503, 504}
MAY_PASS = {egress.UNREACHABLE, egress.BROKEN_OFF}


def send_again(
    ask: Callable[[], egress.Answer], *, sleep: Callable[[float], None]
) -> egress.Answer:
    """The first answer that is none of a busy server, or the last one."""
    for tried in range(1, TRIES + 1):
        try:
            answer = ask()
        except egress.Failed as error:
            if str(error) not in MAY_PASS or tried == TRIES:
                raise
        else:
            if answer.status not in BUSY or tried == TRIES:
                return answer
        sleep(PAUSE * 2 ** (tried - 1))
    raise AssertionError("the last try returns or raises")
