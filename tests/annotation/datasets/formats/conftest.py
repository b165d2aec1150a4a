"""A frozen dataset with ties, corrections, demonstrations, ratings and every split."""

import pytest

from annotation.datasets import services
from annotation.datasets.formats.frozen import Frozen
from annotation.datasets.policy import Policy
from annotation.projects.services import CriterionSpec, publish_rubric
from tests.annotation.datasets.world import add_demonstration
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt

HANDLES = ("ada", "ben", "eva")
HELPFUL = CriterionSpec(key="helpful", label="Helpful", allows_na=True)


@pytest.fixture
def project(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    project = make_project("shop", allows_corrections=True)
    publish_rubric(project=project, guideline="Be kind.", criteria=[HELPFUL])
    people = [make_member(project, handle=handle) for handle in HANDLES]
    for number in range(12):
        texts = (f"Good {number}.", f"Bad {number}.", f"Odd {number}.")[: 2 + number % 2]
        prompt = make_prompt(project, f"Question {number}?")
        item = make_item(project, texts, prompt=prompt, external_id=f"x{number}")
        for place, labeler in enumerate(people):
            said = {"ratings": {"helpful": [4, 2, "na"][: len(texts)]}, "rationale": "Why, é!"}
            if number == 4 and place == 0:
                said["corrections"] = {2: "Better 4."}
            ranks = [1, 1, 2] if number in (2, 3) else [1, 2, "x" if place else 2]
            make_judgment(item, labeler, ranks[: len(texts)], strength=(), **said)
    add_demonstration(project, "How?", "Like\u2028this.")
    return project


@pytest.fixture
def dataset(project):
    policy = Policy(split=(0.5, 0.2, 0.3))
    return services.freeze_dataset(project=project, policy=policy).dataset


@pytest.fixture
def frozen(dataset):
    return Frozen(dataset.folder)
