"""What an order would build: the responses of each prompt, and why some prompts give no item."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from annotation.candidates.marks.candidates import candidates_of
from annotation.candidates.marks.classifying import unclassified
from annotation.candidates.marks.found import EQUAL, NEAR, SAFETY
from annotation.candidates.models import ResponseDecision, ResponseMark
from annotation.core.errors import DomainError
from annotation.labeling.building.pairing import Candidate, Pair, Rule, choose
from annotation.labeling.building.policy import Policy
from annotation.labeling.models import Item

UNCLASSIFIED = "unclassified"  # why a response is left out


@dataclass(frozen=True)
class Plan:
    """items: {prompt: responses in the order of their places}; reasons: {prompt: why it gives no
    item}; left_out: {why: responses}; meetings: {(generator, generator): items}."""

    items: dict[int, list[int]]
    reasons: dict[int, str]
    left_out: Counter
    meetings: Counter

    @property
    def reason_counts(self) -> dict[str, int]:
        return dict(Counter(self.reasons.values()).most_common())

    def as_json(self) -> dict:
        return {
            "items": len(self.items),
            "prompts_without": self.reason_counts,
            "responses_left_out": dict(self.left_out.most_common()),
        }


def plan_items(project, policy: Policy, *, gains: Mapping[Pair, float] | None = None) -> Plan:
    """At most nine statements, whatever the project's size. `gains` for the adaptive rule."""
    asked = candidates_of(project)
    if policy.generators:
        known = set(project.generators.values_list("pk", flat=True))
        if not {*policy.generators, *policy.new} <= known:
            raise DomainError("A generator belongs to another project.")
    reasons = dict.fromkeys(asked.values_list("prompt", flat=True).distinct().order_by(), "")
    if policy.only_fresh:
        has_items = asked.filter(
            Exists(Item.objects.filter(prompt=OuterRef("prompt")).exclude(state="withdrawn"))
        )
        for prompt in has_items.values_list("prompt", flat=True).distinct().order_by():
            reasons[prompt] = "has_items"
    out = _left_out(project, policy)
    groups: dict[int, dict[int, Candidate]] = {}
    roots: dict[tuple, int] = {}
    counts: Counter = Counter()
    some = {*policy.generators, *policy.new} if policy.generators else None
    rows = asked.order_by("prompt", "pk").values_list(
        "pk", "prompt", "generator", "text_sha256", "attachments"
    )
    first_of = _first_of(project, policy)
    for pk, prompt, generator, text, files in rows:
        if reasons[prompt]:
            continue
        why = out.get(pk, "")
        if some is not None and generator not in some:
            why = "other_generator"
        # Of what counts as one response the first that is not left out takes part.
        content = (prompt, text, tuple(one["sha256"] for one in files))
        root = roots.setdefault(content, first_of.get(pk, pk))
        group = groups.setdefault(prompt, {})
        if not why and root in group:
            why = "repeats"
        if why:
            counts[why] += 1
        else:
            group[root] = Candidate(pk, generator or 0)
    return _chosen(policy, reasons, groups, counts, gains or {})


def _chosen(policy, reasons, groups, counts, gains) -> Plan:
    candidates = {prompt: list(group.values()) for prompt, group in groups.items()}
    for prompt, some in candidates.items():
        if not some:
            reasons[prompt] = "all_left_out"
    rule = Rule(
        name=policy.rule,
        k=policy.k,
        takes_fewer=policy.takes_fewer,
        new=frozenset(policy.new),
        gains=gains,
        overlap=policy.overlap,
        most=policy.most,
    )
    chosen = choose(
        {prompt: some for prompt, some in candidates.items() if some}, rule, seed=policy.seed
    )
    reasons = {prompt: why for prompt, why in reasons.items() if why} | chosen.reasons
    return Plan(chosen.items, reasons, counts, chosen.meetings)


def _left_out(project, policy: Policy) -> dict[int, str]:
    """{response: why}: what a person decided, then marks; then where nobody looked yet, which
    makes nothing harmless."""
    marks = ResponseMark.objects.filter(
        response__prompt__project=project, kind__in=policy.drop
    ).exclude(response__decision__choice=ResponseDecision.Choice.LEFT)
    if "identity" in policy.drop or "personal" in policy.drop:
        # What is masked for labelers no longer says who wrote it.
        marks = marks.exclude(
            kind__in=["identity", "personal"],
            response__decision__choice=ResponseDecision.Choice.MASKED,
        )
    out = dict(marks.values_list("response", "kind"))
    if SAFETY in policy.drop:
        unknown = unclassified(project).exclude(decision__choice=ResponseDecision.Choice.LEFT)
        out = dict.fromkeys(unknown.values_list("pk", flat=True), UNCLASSIFIED) | out
    decided = ResponseDecision.objects.filter(
        response__prompt__project=project, choice__in=["withheld", "merged"]
    )
    return out | dict(decided.values_list("response", "choice"))


def _first_of(project, policy: Policy) -> dict[int, int]:
    """{response: the earlier one that it repeats}, as far as the order merges repeats."""
    kinds = {"same": [], EQUAL: [EQUAL], NEAR: [EQUAL, NEAR]}[policy.merge]
    if not kinds:
        return {}
    marks = ResponseMark.objects.filter(response__prompt__project=project, kind__in=kinds)
    return dict(marks.values_list("response", "other"))
