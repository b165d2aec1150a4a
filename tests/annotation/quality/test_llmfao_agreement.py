"""A crowd's judgments all the way: imported and measured by the commands alone.

The values are those of the published table, computed by two independent implementations;
intervals by 2,000 resamples of items, to 0.005.
"""

import io
import json

import pytest
from django.core.management import call_command

from annotation.quality.analyses.agreement.pairs import LEAST_SHARED, MOST_KAPPAS
from tests.annotation.quality.llmfao import write_files
from tests.data import shared

pytestmark = pytest.mark.django_db(transaction=True)

COEFFICIENTS = {
    "raw": 0.532226,
    "raw_macro": 0.528562,
    "fleiss_kappa": 0.286871,
    "alpha_nominal": 0.290595,
    "alpha_ordinal": 0.287553,
    "gwet_ac1": 0.295793,
}


def command(*arguments):
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_commands_give_the_published_figures_and_parts_that_add_up(tmp_path):
    write_files(shared("llmfao/llmfao.csv"), tmp_path)
    command("import_items", "llmfao", tmp_path / "items.jsonl", "--create")
    command("import_judgments", "llmfao", tmp_path / "judgments.jsonl", "--create")

    agreement = json.loads(command("agreement", "llmfao", "--json"), parse_constant=pytest.fail)

    pairs = agreement["pairs"]
    assert {key: pairs[key]["value"] for key in COEFFICIENTS} == pytest.approx(
        COEFFICIENTS, abs=1e-6
    )
    assert pairs["alpha_nominal"]["ci"] == pytest.approx([0.2718, 0.3094], abs=0.005)
    for key in COEFFICIENTS:
        assert (pairs[key]["n_items"], pairs[key]["n_pairable"]) == (2139, 2124)
    # Other people move the figure further than other items do.
    over_labelers = agreement["over_labelers"]
    assert over_labelers["labelers"] == 124
    assert over_labelers["raw"][0] < pairs["raw"]["ci"][0]
    assert over_labelers["raw"][1] > pairs["raw"]["ci"][1]
    kappas, left_out = pairs["cohen_kappa"], agreement["cohen_left_out"]
    assert all(kappa["n_items"] >= LEAST_SHARED for kappa in kappas.values())
    assert len(kappas) + left_out["few"] + left_out["beyond"] == 1334
    assert len(kappas) <= MOST_KAPPAS
    cuts = {(cut["by"], cut["key"]): cut for cut in agreement["parts"]}
    assert set(cuts) == {("facet", "prompt"), ("generators", None)}
    assert len(cuts["facet", "prompt"]["parts"]) == 13
    for cut in cuts.values():
        beside = [cut[name] for name in ("few", "unshown", "outside")]
        for count in ("n_ratings", "n_pairs"):
            known = sum(part[count] for part in (*cut["parts"], *beside))
            across = cut["n_pairs_across"] if count == "n_pairs" else 0
            assert known + across == cut[count]
        assert cut["n_ratings"] == 8931
