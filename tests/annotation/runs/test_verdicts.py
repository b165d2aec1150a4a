"""One verdict against length, wherever it is told: page, list, table, card."""

import re

import pytest
from django.urls import reverse

from annotation.runs import verdicts
from annotation.runs.registry.card import card_of

pytestmark = pytest.mark.django_db

GAINS = {
    "better than length": {"value": 0.2, "low": 0.1, "high": 0.3},
    "not better than length": {"value": -0.02, "low": -0.1, "high": 0.06},
    "not told yet against length": {"value": 0.05, "low": -0.02, "high": 0.12},
}


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def metrics_of(gain, prompts=80):
    return {
        "accuracy": {"value": 0.7, "low": 0.6, "high": 0.8},
        "baselines": {"length": {"value": 0.5, "low": 0.4, "high": 0.6, "rule": "longer"}},
        "beats_length": gain,
        "comparisons": 120,
        "prompts": prompts,
    }


@pytest.mark.parametrize("word", GAINS)
def test_page_list_and_table_say_the_same_and_the_page_once(word, client, world):
    told = "## Held-out figures\n\n**better than length (+20.0 points)**\n\n| Figure |\n\n"
    old = f"# A card\n\n## Data\n\nRows.\n\n{told}## Limits\n\n- Some.\n"
    version = world.make_version("reward", "taste", metrics=metrics_of(GAINS[word]), card=old)
    client.force_login(world.engineer)
    slug = world.project.slug
    sentence = verdicts.against_length(version.metrics).sentence
    page = text(client.get(reverse("runs:show-model-version", args=[slug, version.pk])))
    assert page.count(sentence) == 1, "with the figures, and not in the card besides"
    assert "(+20.0 points)" not in page, "nor by the rule of another day"
    assert "Interval: 95 %." not in page
    listed = text(client.get(reverse("runs:list-model-versions", args=[slug])))
    assert listed.count(word) >= 2, "in the list and in the table"
    assert card_of(version) == "# A card\n\n## Data\n\nRows.\n\n## Limits\n\n- Some.\n"


def test_few_prompts_have_no_verdict_whatever_their_interval_says():
    found = verdicts.against_length(metrics_of({"value": 0.26, "low": 0.05, "high": 0.5}, 4))
    assert found.key == verdicts.OPEN
    assert "from 10 prompts on there is a verdict" in found.sentence
    assert verdicts.trend(metrics_of({"value": -0.4, "low": -0.6, "high": -0.1}, 4)) == ""
    assert verdicts.trend(metrics_of({"value": -0.4, "low": -0.6, "high": -0.1}, 40)) == "down"


def test_figures_from_before_prompts_were_counted_still_have_a_verdict():
    found = verdicts.against_length({"beats_length": GAINS["better than length"]})
    assert (found.key, found.sentence.endswith("+10.0 to +30.0).")) == (verdicts.BETTER, True)
    assert verdicts.against_length({"accuracy": {}}) is None
    assert verdicts.against_length({"beats_length": {"value": 0.2}}).key == verdicts.OPEN
