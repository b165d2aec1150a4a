"""Eighty labelers of whom some are known to be bad, all the way through the front door."""

import csv
import io
import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.projects.models import Membership, Project
from bench.spam import convert, handle_of
from tests.data import shared
from tests.factories import make_member

pytestmark = pytest.mark.django_db(transaction=True)

FOUND = {
    "random": (1, 3, 11, 25, 43, 47, 63, 64),
    "fast": (3, 43),
    "first": (7, 53, 61),
    "constant": (23, 48, 58),
    "inverted": (59, 68),
}


def command(*arguments):
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def import_all(client, folder, out):
    """Items and judgments by command, known answers by the lead's page."""
    assert convert(folder, out) == {"items": 2000, "gold": 94, "judgments": 10_000}
    command("import_items", "spam", out / "items.jsonl", "--create")
    client.force_login(make_member(Project.objects.get(), Membership.Role.LEAD))
    with (out / "gold.jsonl").open("rb") as file:
        answer = client.post(reverse("labeling:import-gold", args=["spam"]), {"file": file})
    assert answer.status_code == 302
    command("import_judgments", "spam", out / "judgments.jsonl", "--create")


def test_the_labelers_to_look_at_come_out_with_their_kind(client, tmp_path):
    import_all(client, shared("spam"), tmp_path)

    document = json.loads(command("figures", "spam", "labelers"), parse_constant=pytest.fail)

    handles = document["labelers"]
    named = {}
    for one in document["result"]["labelers"]:
        for finding in one["findings"]:
            named.setdefault(finding["kind"], set()).add(handles[str(one["labeler"])])
    assert len(set().union(*named.values())) == 16
    missed_gold = named.pop("gold", set())
    assert named == {kind: {handle_of(n) for n in numbers} for kind, numbers in FOUND.items()}
    assert missed_gold <= set().union(*named.values())
    page = client.get(reverse("quality:show-labelers", args=["spam"])).content.decode()
    assert "<h1>16 of 80 labelers stand out</h1>" in page


def agrees_with_gold(folder, out):
    """Of how many known answers a dataset's comparisons and ties say the same."""
    said = {}
    for split in ("train", "dev", "test"):
        for line in (out / f"preferences.{split}.jsonl").read_text().splitlines():
            row = json.loads(line)
            said[row["item"]] = {"a": "left", "b": "right"}[row["chosen_id"]]
        for line in (out / f"ties.{split}.jsonl").read_text().splitlines():
            said[json.loads(line)["item"]] = "tie"
    with (folder / "gold_items.csv").open(newline="") as file:
        return sum(said.get(f"x{row['item']}") == row["gold"] for row in csv.DictReader(file))


def test_a_consensus_by_reliability_meets_the_known_answers(client, tmp_path):
    """Without having seen them: datasets take no known answer for an anchor."""
    folder = shared("spam")
    import_all(client, folder, tmp_path)
    met = {}
    for consensus in ("votes", "dawid_skene", "one_coin"):
        frozen = command("freeze_dataset", "spam", "--purpose", "work", "--purpose", "gold",
                         "--consensus", consensus)  # fmt: skip
        out = tmp_path / consensus
        command("export_dataset", frozen.split()[-1], out)
        met[consensus] = agrees_with_gold(folder, out)
    assert min(met["dawid_skene"], met["one_coin"]) >= 85 > met["votes"]
