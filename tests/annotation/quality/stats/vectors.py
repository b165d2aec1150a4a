"""The published vectors of `textbook/vectors.json`, and who answers for each kind.

A check takes one vector, asserts every figure it gives, and lies with the others of its subject:
`vectors_<subject>.py` with a table CHECKS {kind: check}. To add one, write the module and merge
its CHECKS into COVERED. `test_vectors.py` runs each vector through the check of its kind and
fails where a kind has none.
"""

import json
from collections.abc import Callable

from tests.data import shared

from . import vectors_ability, vectors_agreement, vectors_consensus

Check = Callable[[dict], None]

COVERED: dict[str, Check] = {
    **vectors_ability.CHECKS,
    **vectors_agreement.CHECKS,
    **vectors_consensus.CHECKS,
}

# Every vector by name, so that tests are listed one by one where the file is absent too.
NAMES = (
    "krippendorff2011_C",
    "fleiss_14raters",
    "fleiss1971_diagnoses",
    "gwet_raw4raters",
    "cohen1968_weighted",
    "kendallW_anxiety",
    "bt_citations",
    "davidson_pudding",
    "pl_netflix138",
    "dawid_skene_1979",
    "tennessee",
    "gold_wilson",
    "sequential_stop",
    "elo",
    "tau_b",
    "krippendorff_wikipedia",
)


def load_vectors() -> dict[str, dict]:
    """{name: vector}, or skip the test where the file is absent."""
    rows = json.loads(shared("textbook/vectors.json").read_text())["vectors"]
    return {row["id"]: row for row in rows}
