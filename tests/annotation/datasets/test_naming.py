"""Names in a policy that are nobody's, at every door."""

import io

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.core.errors import DomainError
from annotation.datasets import services
from annotation.datasets.models import Dataset
from annotation.datasets.policy import Policy
from annotation.datasets.verify import verify_dataset
from annotation.labeling.models import Item
from annotation.projects.models import Membership
from annotation.projects.services import publish_rubric
from tests.annotation.datasets.world import make_world
from tests.factories import make_key, make_member

pytestmark = pytest.mark.django_db

# A setting, a name that is there, one that is not, and the sentence.
NAMES = [
    ("without_labelers", "w1", "nobody", "Nobody here has the handle “nobody”."),
    ("batches", "monday", "mondey", "There is no batch “mondey” of items."),
    ("rubric_versions", 1, 7, "The rubric has no version 7."),
]
OPTION = {
    "without_labelers": "--without-labeler",
    "batches": "--batch",
    "rubric_versions": "--rubric-version",
}


@pytest.fixture
def project():
    project = make_world()
    Item.objects.filter(external_id__in=("x1", "x2")).update(batch="monday")
    publish_rubric(project=project, guideline="Be kind.", criteria=[])
    return project


@pytest.fixture
def lead(project):
    return make_member(project, Membership.Role.LEAD)


@pytest.mark.parametrize(("setting", "known", "unknown", "said"), NAMES)
def test_the_api_refuses_it_with_the_name(client, project, lead, setting, known, unknown, said):
    headers = {"Authorization": f"Token {make_key(lead, 'train')}"}
    url = reverse("datasets-api:datasets", args=["shop"])
    sent = {"content_type": "application/json", "headers": headers}
    answer = client.post(url, {setting: [unknown]}, **sent)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Dataset.objects.exists()
    # 409 or so where nothing is left: what is there is not refused for its name.
    assert said[:12] not in client.post(url, {setting: [known]}, **sent).content.decode()


@pytest.mark.parametrize(("setting", "known", "unknown", "said"), NAMES)
def test_the_command_refuses_it_with_the_name(project, setting, known, unknown, said):
    for preview in ([], ["--preview"]):
        with pytest.raises(DomainError, match=said):
            call_command(
                "freeze_dataset", "shop", OPTION[setting], str(unknown), *preview,
                stdout=io.StringIO(),
            )  # fmt: skip
    assert not Dataset.objects.exists()
    call_command(
        "freeze_dataset", "shop", OPTION[setting], str(known), "--preview", stdout=io.StringIO()
    )


def test_the_page_refuses_a_handle_with_the_name(client, project, lead):
    client.force_login(lead)
    url = reverse("datasets:new-dataset", args=["shop"])
    fields = {
        "labels": "majority", "pairs": "all", "min_votes": 1, "demonstrations": "include",
        "train": 80, "dev": 0, "test": 20,
    }  # fmt: skip
    for method in (client.get, client.post):
        answer = method(url, fields | {"without_labelers": "w1, nobody"})
        assert answer.status_code == 422
        assert "Nobody here has the handle “nobody”." in answer.content.decode()
    assert client.get(url, fields | {"without_labelers": "w1"}).status_code == 200
    assert not Dataset.objects.exists()


def test_in_several_projects_a_name_is_looked_for_where_it_says_it_is(project):
    south = make_world("south", seed=2)
    known = Policy(without_labelers=("south/w1",), batches=("shop/monday",))
    assert services.preview(project=project, further=[south], policy=known)
    for wrong, said in (
        (Policy(without_labelers=("south/nobody",)), "handle “south/nobody”"),
        (Policy(batches=("south/monday",)), "no batch “south/monday”"),
    ):
        with pytest.raises(DomainError, match=said):
            services.preview(project=project, further=[south], policy=wrong)


def test_a_dataset_verifies_when_somebody_goes_by_another_name(project):
    dataset = services.freeze_dataset(
        project=project, policy=Policy(without_labelers=("w1",))
    ).dataset
    project.memberships.filter(handle="w1").update(handle="renamed")
    assert verify_dataset(dataset) is not None  # another dataset today, and no refusal
