"""Rate limits: a request takes the next free moment of its endpoint.

The moments lie in the endpoint's row, so that every worker, and the next attempt after a kill,
keeps to the same limits. They are spaced evenly; there are no bursts to be refused.
"""

from django.db import connection

from annotation.candidates.models import Endpoint

# One statement: two workers that ask at once get two moments. A request may go when both its own
# moment and that of its tokens have come. Unlimited adds nothing, and keeps what `hold` says.
TAKE = """
UPDATE candidates_endpoint AS e
   SET requests_free_at = moment.at
           + coalesce(60.0 / e.requests_per_minute, 0) * interval '1 second',
       tokens_free_at = moment.at
           + coalesce(60.0 * %(tokens)s / e.tokens_per_minute, 0) * interval '1 second'
  FROM (SELECT id, greatest(clock_timestamp(), requests_free_at, tokens_free_at) AS at
          FROM candidates_endpoint WHERE id = %(id)s FOR UPDATE) AS moment
 WHERE e.id = moment.id
RETURNING extract(epoch FROM moment.at - clock_timestamp())
"""
HOLD = """
UPDATE candidates_endpoint
   SET requests_free_at = greatest(requests_free_at,
                                   clock_timestamp() + %(seconds)s * interval '1 second')
 WHERE id = %(id)s
"""


def take_moment(endpoint: Endpoint, *, tokens: int) -> float:
    """Seconds until a request for about so many tokens may go. The moment is taken."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"id": endpoint.pk, "tokens": tokens})
        return max(0.0, float(cursor.fetchone()[0]))


def hold(endpoint: Endpoint, *, seconds: float) -> None:
    """The endpoint asked for a pause: nobody asks it anything until then."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD, {"id": endpoint.pk, "seconds": seconds})
