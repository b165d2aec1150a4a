"""The lines of a dataset's files: docs/formats.md is the contract. Pure."""

from annotation.datasets.comparisons import Comparison
from annotation.datasets.corrections import name_of_text
from annotation.datasets.opinions import SOURCE as AI_JUDGE
from annotation.labeling.exports.rows import said_row, without_unsaid


def _message(text: str) -> list[dict]:
    return [{"role": "assistant", "content": text}]


def _prompt(messages: list[dict]) -> list[dict]:
    """What a model of texts reads: roles and contents."""
    return [{"role": message["role"], "content": message["content"]} for message in messages]


def _attachments(messages: list[dict], **candidates) -> dict:
    """What stood beside the texts: {"attachments": {"prompt": [{"sha256", …}], "chosen": …}}, and
    nothing where there was nothing."""
    files = {"prompt": [one for message in messages for one in message.get("attachments", [])]}
    files |= {name: list(candidate.attachments) for name, candidate in candidates.items()}
    found = {name: listed for name, listed in files.items() if listed}
    return {"attachments": found} if found else {}


def comparison_row(item, comparison: Comparison, says: dict, *, as_tie: bool = False) -> dict:
    """A line of preferences or, with first and second for chosen and rejected, of ties.

    `says`: what every line of a dataset says besides, or none does: `source`, `ranking`.
    """
    one, other = ("first", "second") if as_tie else ("chosen", "rejected")
    return {
        "prompt": _prompt(item.messages),
        one: _message(comparison.chosen.text),
        other: _message(comparison.rejected.text),
        "margin": comparison.margin,
        "weight": comparison.weight,
        "n_votes": comparison.votes,
        f"p_{one}": comparison.share,
        "item": item.external_id,
        f"{one}_id": comparison.chosen.key,
        f"{other}_id": comparison.rejected.key,
        "prompt_sha256": item.prompt_sha256,
        "judgments": comparison.ballots,
        **says,
        **_attachments(item.messages, **{one: comparison.chosen, other: comparison.rejected}),
    }


def tie_row(item, tie: Comparison, says: dict) -> dict:
    return comparison_row(item, tie, says, as_tie=True)


def best_row(item, candidate) -> dict:
    return {
        "prompt": _prompt(item.messages),
        "completion": _message(candidate.text),
        "source": AI_JUDGE if item.is_by_judge else "best",
        "item": item.external_id,
        "response_id": candidate.key,
        "prompt_sha256": item.prompt_sha256,
        **_attachments(item.messages, completion=candidate),
    }


def example_row(example) -> dict:
    """A text that was written to be imitated; one written elsewhere belongs to no item."""
    return {
        "prompt": _prompt(example.messages),
        "completion": _message(example.text),
        "source": example.source,
        "item": example.item,
        "response_id": name_of_text(example.text_sha256),
        "prompt_sha256": example.prompt_sha256,
        **_attachments(example.messages),
    }


def ranking_row(item, judgment, split: str) -> dict:
    """A judgment as it was given, as in the export of judgments."""
    return {
        "item": item.external_id,
        "labeler": judgment.handle,
        "revision": judgment.raw.revision,
        **({} if judgment.raw.purpose == "work" else {"purpose": judgment.raw.purpose}),
        **without_unsaid(said_row(judgment.raw, item.as_judged, judgment.written)),
        **({"source": AI_JUDGE} if item.is_by_judge else {}),
        **({"principle": judgment.principle} if judgment.principle else {}),
        "split": split,
        "prompt_sha256": item.prompt_sha256,
    }
