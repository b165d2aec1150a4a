"""A crowd's 8,931 judgments of 59 models, brought in and computed by the commands alone."""

import io
import json
import math

import pytest
from django.core.management import call_command

from tests.annotation.quality.llmfao import write_files
from tests.data import shared

pytestmark = pytest.mark.django_db(transaction=True)

# Scores of Bradley-Terry, a tie half a win each: evalica, tests/data/llmfao-golden.csv
# (github.com/dustalov/evalica, commit 1e56b4b). They sum to 1.
FIRST = {
    "GPT 4": 0.04121787368330589,
    "Platypus-2 Instruct (70B)": 0.02923317841210955,
    "command": 0.028852056443071993,
    "ReMM SLERP L2 13B": 0.027150100437787532,
    "LLaMA-2-Chat (70B)": 0.02638412242645028,
    "Claude v1": 0.026258954802721193,
    "GPT 3.5 Turbo": 0.025871143600476463,
    "Jurassic 2 Mid": 0.025848725324181514,
}
LAST = {
    "Dolly v2 (7B)": 0.006342952270714635,
    "Vicuna-FastChat-T5 (3B)": 0.006303591780621216,
    "Dolly v2 (3B)": 0.006293634508067855,
}


def command(*arguments):
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_commands_give_the_scores_of_evalica(tmp_path):
    write_files(shared("llmfao/llmfao.csv"), tmp_path, with_order=False)
    command("import_items", "llmfao", tmp_path / "items.jsonl", "--create")
    command("import_judgments", "llmfao", tmp_path / "judgments.jsonl", "--create")

    said = json.loads(command("figures", "llmfao", "abilities"), parse_constant=pytest.fail)

    result = said["result"]
    board = result["boards"][0]
    names = [generator["name"] for generator in result["generators"]]
    assert (len(names), board["extent"]["comparisons"]) == (59, 8931)
    assert board["extent"]["items"] == 2139
    assert board["connecting"] == []
    fit = next(f for f in board["fits"] if (f["tie_model"], f["prior"]) == ("half", 0.0))
    ability = {name: row["value"] for name, row in zip(names, fit["generators"], strict=True)}
    order = sorted(names, key=ability.__getitem__, reverse=True)
    assert order[: len(FIRST)] == list(FIRST)
    assert order[-len(LAST) :] == list(LAST)
    for name, score in (FIRST | LAST).items():
        expected = math.log(score / FIRST["GPT 4"])
        assert ability[name] - ability["GPT 4"] == pytest.approx(expected, abs=1e-4)
    # Nobody's first place is sure: ten may have it.
    rows = next(f for f in board["fits"] if f["tie_model"] == "davidson")["generators"]
    best = {name for name, row in zip(names, rows, strict=True) if row["places"][0] == 1}
    assert "GPT 4" in best
    assert len(best) > 5
    assert all(row["places"][0] <= row["place"] <= row["places"][1] for row in rows)
