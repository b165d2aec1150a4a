"""PandaLM's test set from its file to a frozen dataset."""

import json
from collections import Counter

import pytest

from annotation.core.hashing import sha256_of_text, sha256_of_value
from annotation.datasets import services
from annotation.datasets.policy import Policy
from annotation.labeling.models import Item, ItemResponse, Judgment
from annotation.labeling.verdict import verdict_from_choices
from annotation.prompts.models import Prompt, Response
from tests.data import shared
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db

RANKS = {"0": {1: 1, 2: 1}, "1": {1: 1, 2: 2}, "2": {1: 2, 2: 1}}


@pytest.fixture
def project():
    """The rows as their import leaves them: six responses are booleans, written out as text."""
    rows = json.loads(shared("pandalm/testset-v1.json").read_text())
    project = make_project("pandalm")
    labelers = [make_member(project, handle=f"annotator{n}") for n in (1, 2, 3)]
    prompts, responses, placed, judgments = {}, [], [], []
    for row in rows:
        messages = [{"role": "user", "content": f"{row['instruction']}\n{row['input']}"}]
        sha256 = sha256_of_value(messages)
        prompts.setdefault(sha256, Prompt(project=project, messages=messages, sha256=sha256))
        row["prompt"] = sha256
    Prompt.objects.bulk_create(prompts.values())
    items = Item.objects.bulk_create(
        Item(
            project=project,
            prompt=prompts[row["prompt"]],
            external_id=row["idx"],
            content_sha256="0" * 64,
            response_count=2,
            overlap=3,
        )
        for row in rows
    )
    for item, row in zip(items, rows, strict=True):
        for position in (1, 2):
            text = row[f"response{position}"]
            text = text if isinstance(text, str) else json.dumps(text)
            response = Response(prompt=item.prompt, text=text, text_sha256=sha256_of_text(text))
            responses.append(response)
            placed.append(
                ItemResponse(item=item, response=response, position=position, key=f"r{position}")
            )
        for number, labeler in enumerate(labelers, 1):
            verdict = verdict_from_choices(RANKS[str(row[f"annotator{number}"])], response_count=2)
            judgments.append(
                Judgment(
                    project=project,
                    item=item,
                    labeler=labeler,
                    origin="import",
                    **verdict.as_columns(),
                )
            )
    Response.objects.bulk_create(responses)
    ItemResponse.objects.bulk_create(placed)
    Judgment.objects.bulk_create(judgments)
    return project


def test_842_comparisons_and_a_drop_table_that_sums_to_999(project):
    """999 pairs, of which 105 are ties by majority and 54 have an empty response (2 have both):
    999 = 842 comparisons + 103 ties + 54 empty. The six booleans are among the 842, as text;
    without them 836 would be left. No two texts of an item are equal."""
    frozen = services.freeze_dataset(project=project)
    counts = frozen.dataset.counts
    assert counts["items"]["judged"] == 999
    assert counts["judgments"]["counted"] == 2997
    assert counts["comparisons"]["pairs"] == 999
    assert (counts["comparisons"]["kept"], counts["comparisons"]["ties"]) == (842, 103)
    assert {reason: n for reason, n in counts["dropped"].items() if n} == {"empty_text": 54}

    again = services.freeze_dataset(project=project)
    assert (again.created, again.dataset.hash) == (False, frozen.dataset.hash)

    splits = {}
    for split in ("train", "dev", "test"):
        content = (frozen.dataset.folder / f"preferences.{split}.jsonl").read_bytes()
        for line in content.split(b"\n")[:-1]:
            splits.setdefault(json.loads(line)["prompt_sha256"], set()).add(split)
    assert Counter(len(found) for found in splits.values()) == {1: 153}
    assert counts["comparisons"]["test"] > 0


def test_soft_labels_turn_ties_of_two_into_comparisons(project):
    """A lone vote against two ties has a share of 2/3, so only even splits stay ties."""
    hard = services.preview(project=project, policy=Policy())["comparisons"]
    soft = services.preview(project=project, policy=Policy(labels="soft"))["comparisons"]
    rows = project.judgments.order_by("item_id").values_list("item_id", "ranks")
    votes = {}
    for item, (first, second) in rows:
        votes.setdefault(item, []).append((first < second) - (first > second))
    empty = set(ItemResponse.objects.filter(response__text="").values_list("item_id", flat=True))
    even = sum(sum(said) == 0 for item, said in votes.items() if item not in empty)
    assert soft["ties"] == even < hard["ties"]
    assert soft["kept"] == 999 - 54 - even
