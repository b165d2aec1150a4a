"""The published set all the way: converted, imported and measured by the commands alone."""

import io
import json

import pytest
from django.core.management import call_command

from tests.data import shared

pytestmark = pytest.mark.django_db(transaction=True)

COEFFICIENTS = {
    "raw": 0.919920,
    "alpha_nominal": 0.864221,
    "alpha_ordinal": 0.877464,
    "fleiss_kappa": 0.864175,
    "gwet_ac1": 0.886445,
    "gwet_ac2": 0.867075,
    "brennan_prediger": 0.879880,
    "raw_macro": 0.919920,
}
KAPPAS = {"w1|w2": 0.852023, "w1|w3": 0.878944, "w2|w3": 0.861661}  # published: .85 .88 .86


def command(*arguments):
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_commands_give_the_published_figures(tmp_path):
    command("convert_pandalm", shared("pandalm/testset-v1.json"), tmp_path)
    command("import_items", "pandalm", tmp_path / "items.jsonl", "--create", "--booleans-as-text")
    command("import_judgments", "pandalm", tmp_path / "judgments.jsonl", "--create")

    agreement = json.loads(command("agreement", "pandalm", "--json"), parse_constant=pytest.fail)

    pairs = agreement["pairs"]
    assert {key: pairs[key]["value"] for key in COEFFICIENTS} == pytest.approx(
        COEFFICIENTS, abs=1e-6
    )
    assert {key: kappa["value"] for key, kappa in pairs["cohen_kappa"].items()} == pytest.approx(
        KAPPAS, abs=1e-6
    )
    for estimate in (*(pairs[key] for key in COEFFICIENTS), *pairs["cohen_kappa"].values()):
        assert (estimate["n_items"], estimate["n_pairable"]) == (999, 999)
        assert estimate["ci"][0] < estimate["value"] < estimate["ci"][1]
    assert agreement["rankings"]["tau_b"]["n_items"] == 999
