"""The lines of a dataset's files: docs/formats.md is the contract. Pure."""

from annotation.datasets.comparisons import Comparison
from annotation.labeling.verdict import tiers_of


def _message(text: str) -> list[dict]:
    return [{"role": "assistant", "content": text}]


def comparison_row(item, comparison: Comparison) -> dict:
    """A line of preferences or, with first and second for chosen and rejected, of ties."""
    one, other = ("first", "second") if comparison.is_tie else ("chosen", "rejected")
    return {
        "prompt": item.messages,
        one: _message(comparison.chosen.text),
        other: _message(comparison.rejected.text),
        "margin": comparison.margin,
        "weight": 1.0,
        "n_votes": comparison.votes,
        f"p_{one}": comparison.share,
        "item": item.external_id,
        f"{one}_id": comparison.chosen.key,
        f"{other}_id": comparison.rejected.key,
        "prompt_sha256": item.prompt_sha256,
        "judgments": comparison.ballots,
    }


def best_row(item, candidate) -> dict:
    return {
        "prompt": item.messages,
        "completion": _message(candidate.text),
        "source": "best",
        "item": item.external_id,
        "response_id": candidate.key,
        "prompt_sha256": item.prompt_sha256,
    }


def demonstration_row(demonstration) -> dict:
    """A demonstration belongs to no item; its text's hash names it on any machine."""
    return {
        "prompt": demonstration.messages,
        "completion": _message(demonstration.text),
        "source": "demonstration",
        "item": None,
        "response_id": demonstration.text_sha256[:16],
        "prompt_sha256": demonstration.prompt_sha256,
    }


def ranking_row(item, judgment, split: str) -> dict:
    """A judgment as it was given, responses by their keys."""
    keys = {candidate.position: candidate.key for candidate in item.candidates}
    ballot = judgment.ballot
    return {
        "item": item.external_id,
        "labeler": judgment.handle,
        "revision": judgment.revision,
        "ranking": [sorted(keys[place] for place in tier) for tier in tiers_of(ballot.ranks)],
        "unacceptable": sorted(
            keys[place] for place, is_bad in enumerate(ballot.unacceptable, start=1) if is_bad
        ),
        "strength": list(ballot.strength),
        "ratings": {
            criterion: {
                keys[place]: value
                for place, value in enumerate(values, start=1)
                if value is not None
            }
            for criterion, values in judgment.ratings.items()
        },
        "rationale": judgment.rationale,
        "seconds": judgment.seconds,
        "order": [keys[place] for place in judgment.order],
        "rubric_version": judgment.rubric_version,
        "split": split,
        "prompt_sha256": item.prompt_sha256,
    }
