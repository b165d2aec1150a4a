import pytest

from annotation.projects.models import Membership
from tests.factories import make_item, make_member, make_project, make_prompt


@pytest.fixture
def project():
    return make_project("shop", name="The shop", overlap=2)


@pytest.fixture
def lead(project):
    return make_member(project, Membership.Role.LEAD, handle="lea")


@pytest.fixture
def labelers(project):
    return [make_member(project, handle=name) for name in ("mira", "noah", "olga")]


@pytest.fixture
def items(project):
    return [
        make_item(project, prompt=make_prompt(project, f"Question {n}?"), external_id=f"q{n}")
        for n in (1, 2)
    ]
