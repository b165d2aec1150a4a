"""Public sets all the way: converted, imported and frozen by the commands alone."""

import gzip
import io
import json
from collections import Counter

import pytest
from django.core.management import call_command

from annotation.datasets import services
from annotation.datasets.models import Dataset
from annotation.datasets.policy import Policy
from annotation.labeling.models import ItemResponse
from annotation.projects.models import Project
from tests.data import shared

pytestmark = pytest.mark.django_db(transaction=True)


def command(*arguments):
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def freeze(project):
    return Dataset.objects.get(hash=command("freeze_dataset", project).split()[-1])


def splits_by_prompt(dataset):
    found = {}
    for split in ("train", "dev", "test"):
        content = (dataset.folder / f"preferences.{split}.jsonl").read_bytes()
        for line in content.split(b"\n")[:-1]:
            found.setdefault(json.loads(line)["prompt_sha256"], set()).add(split)
    return found


@pytest.fixture
def pandalm(tmp_path):
    command("convert_pandalm", shared("pandalm/testset-v1.json"), tmp_path)
    command("import_items", "pandalm", tmp_path / "items.jsonl", "--create", "--booleans-as-text")
    command("import_judgments", "pandalm", tmp_path / "judgments.jsonl", "--create")
    return Project.objects.get(slug="pandalm")


def test_pandalm_gives_842_comparisons_and_a_drop_table_that_sums_to_999(pandalm):
    """999 pairs, of which 105 are ties by majority and 54 have an empty response (2 are both):
    999 = 842 comparisons + 103 ties + 54 empty. The six booleans are among the 842, as text;
    without them 836 would be left. No two texts of an item are equal."""
    dataset = freeze("pandalm")
    # As it was before judgments could say more than a ranking: what is not said moves no hash.
    assert dataset.hash == "c614dfef77b395325794eca18e815fa3c75756430db4d13d789b7c57d11ee480"
    counts = dataset.counts
    assert counts["items"]["judged"] == 999
    assert counts["judgments"]["counted"] == 2997
    assert counts["comparisons"]["pairs"] == 999
    assert (counts["comparisons"]["kept"], counts["comparisons"]["ties"]) == (842, 103)
    assert {reason: n for reason, n in counts["dropped"].items() if n} == {"empty_text": 54}
    assert Counter(len(found) for found in splits_by_prompt(dataset).values()) == {1: 153}
    assert counts["comparisons"]["test"] > 100
    assert "frozen before" in command("freeze_dataset", "pandalm")
    assert freeze("pandalm") == dataset
    assert "the same dataset" in command("verify_dataset", dataset.hash)


def test_soft_labels_turn_ties_of_two_into_comparisons(pandalm):
    """A lone vote against two ties has a share of 2/3, so only even splits stay ties."""
    hard = services.preview(project=pandalm, policy=Policy())["comparisons"]
    soft = services.preview(project=pandalm, policy=Policy(labels="soft"))["comparisons"]
    votes = {}
    for item, (first, second) in pandalm.judgments.values_list("item_id", "ranks"):
        votes.setdefault(item, []).append((first < second) - (first > second))
    empty = set(ItemResponse.objects.filter(response__text="").values_list("item_id", flat=True))
    even = sum(sum(said) == 0 for item, said in votes.items() if item not in empty)
    assert soft["ties"] == even < hard["ties"]
    assert soft["kept"] == 999 - 54 - even


def test_hh_gives_2308_comparisons_of_2312(tmp_path):
    """Four rows have an empty answer. The 2,303 that is often counted leaves out five more, in
    which one side answers in two turns: here their common beginning is the prompt."""
    rows = gzip.decompress(shared("hh_rlhf/harmless-base-test.jsonl.gz").read_bytes())
    turns = [
        [json.loads(row)[side].count("\n\nAssistant:") for side in ("chosen", "rejected")]
        for row in rows.splitlines()
    ]
    assert sum(chosen != rejected for chosen, rejected in turns) == 5
    (tmp_path / "hh.jsonl").write_bytes(rows)
    command("import_items", "hh", tmp_path / "hh.jsonl", "--create")
    counts = freeze("hh").counts
    assert counts["comparisons"]["pairs"] == len(turns) == 2312
    assert counts["comparisons"]["kept"] == 2303 + 5
    assert {reason: n for reason, n in counts["dropped"].items() if n} == {"empty_text": 4}
