"""Which items a judge is asked about, and what that takes, before it starts."""

from dataclasses import dataclass
from decimal import Decimal

from annotation.candidates.endpoints.costs import (
    BYTES_PER_TOKEN,
    cost_of,
    minutes_least,
    terms_of,
    tokens_of,
)
from annotation.core.database import rows_of
from annotation.projects.services import rubric_by_id
from annotation.quality.judges.asking import system_prompt
from annotation.quality.judges.models import Judge
from annotation.quality.judges.principles import current_list, principles_of

# Of one run. What it said is compared with people's judgments while somebody waits for a page.
MOST_ITEMS = 5000

# A model behind this protocol reads texts only, so what has a picture or a sound is left out.
# The sample is drawn by a hash: by the same seed it is the same, however the table lies.
CHOOSE = """
SELECT i.id FROM labeling_item i JOIN prompts_prompt p ON p.id = i.prompt_id
 WHERE i.project_id = %(project)s AND i.state = 'open' AND i.response_count >= 2
   AND (%(among)s::bigint[] IS NULL OR i.id = ANY (%(among)s))
   AND NOT jsonb_path_exists(p.messages, '$[*].attachments[*]')
   AND NOT EXISTS (SELECT 1 FROM labeling_itemresponse place
                     JOIN prompts_response r ON r.id = place.response_id
                    WHERE place.item_id = i.id AND jsonb_array_length(r.attachments) > 0)
   AND (NOT %(judged)s OR EXISTS (SELECT 1 FROM labeling_judgment j
                                   WHERE j.item_id = i.id AND j.purpose = 'work'))
 ORDER BY md5(i.id || ':' || %(seed)s::text) LIMIT %(most)s
"""
# Every two responses are shown twice: each response stands in 2 (k - 1) questions.
SIZE = """
SELECT coalesce(sum(k * (k - 1)), 0)::bigint,
       coalesce(sum(k * (k - 1) * conversation + 2 * (k - 1) * texts), 0)::bigint
  FROM (SELECT i.response_count AS k, octet_length(p.messages::text) AS conversation,
               (SELECT coalesce(sum(octet_length(
                         coalesce(nullif(place.shown_text, ''), r.text))), 0)
                  FROM labeling_itemresponse place JOIN prompts_response r
                    ON r.id = place.response_id
                 WHERE place.item_id = i.id) AS texts
          FROM labeling_item i JOIN prompts_prompt p ON p.id = i.prompt_id
         WHERE i.id = ANY(%(items)s)) AS item
"""


@dataclass(frozen=True)
class Estimate:
    """Tokens are estimated from bytes; a server counts in its own way. cost_most: None where the
    prices are not known; minutes_least: by the limits per minute, None where there are none."""

    items: int
    questions: int
    tokens_in: int
    tokens_out_most: int
    cost_most: Decimal | None
    currency: str
    minutes_least: float | None


def choose_items(
    project, *, most: int, only_judged: bool, seed: int = 1, among: list[int] | None = None
) -> list[int]:
    """A random sample of what can be asked about, of these items or of all, by id."""
    values = {
        "project": project.pk,
        "judged": only_judged,
        "seed": seed,
        "most": most,
        "among": among,
    }
    return sorted(pk for (pk,) in rows_of(CHOOSE, values))


def system_of(judge: Judge, principle: str = "") -> str:
    rubric = rubric_by_id(judge.rubric_version_id) if judge.rubric_version_id else None
    return system_prompt(
        instructions=judge.instructions,
        guideline=rubric.guideline if rubric else "",
        criteria=rubric.criteria_list if rubric else (),
        principle=principle,
    )


def estimate(judge: Judge, item_ids: list[int]) -> Estimate:
    ((questions, size),) = rows_of(SIZE, {"items": item_ids})
    # Which principle a question gets is drawn later: none is longer than the longest one.
    longest = max(principles_of(current_list(judge)), key=len, default="")
    tokens_in = questions * tokens_of(system_of(judge, longest)) + size // BYTES_PER_TOKEN
    tokens_out = questions * judge.max_tokens
    endpoint = judge.endpoint
    return Estimate(
        items=len(item_ids),
        questions=questions,
        tokens_in=tokens_in,
        tokens_out_most=tokens_out,
        cost_most=cost_of(terms_of(endpoint), tokens_in, tokens_out),
        currency=endpoint.currency,
        minutes_least=minutes_least(endpoint, questions, tokens_in + tokens_out),
    )
