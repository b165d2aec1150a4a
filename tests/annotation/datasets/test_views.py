"""The dataset pages, as a browser sees them."""

import re

import pytest
from django.urls import reverse

from annotation.core import jobs
from annotation.core.models import Job
from annotation.datasets import services
from annotation.datasets.models import Dataset
from annotation.datasets.policy import Policy
from annotation.datasets.proposals import AIMS
from annotation.projects.models import Membership
from annotation.quality.services import compute_report
from tests.annotation.datasets.world import judge_more, make_world
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db

FORM = {
    "name": "",
    "labels": "majority",
    "min_votes": "1",
    "demonstrations": "include",
    "train": "80",
    "dev": "0",
    "test": "20",
    "salt": "",
    "drop_empty": "on",
    "drop_equal": "on",
    "drop_both_unacceptable": "on",
}


@pytest.fixture
def project(client):
    project = make_world()
    client.force_login(make_member(project, Membership.Role.LEAD))
    return project


def address(name, *arguments, slug="shop"):
    return reverse(f"datasets:{name}", args=[slug, *arguments])


def text_of(response):
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def table(response, title):
    """{row: count} of a table of parts, and its sum."""
    page = response.content.decode()
    body = page[page.index(f'scope="col">{title}') :]
    rows = re.findall(
        r'<th scope="row">([^<]*).*?<td class="n">([\d,]+)</td>',
        body[: body.index("</table>")],
        re.DOTALL,
    )
    counts = {title: int(count.replace(",", "")) for title, count in rows}
    return counts, counts.pop("Sum")


def freeze(project, **fields):
    return services.freeze_dataset(project=project, **fields).dataset


def test_an_empty_list_offers_the_way_to_the_first_dataset(client, project):
    page = client.get(address("list-datasets"))
    assert "Nothing is frozen yet" in text_of(page)
    assert address("new-dataset") in page.content.decode()


def test_a_reviewer_sees_datasets_and_cannot_freeze(client, project):
    dataset = freeze(project)
    client.force_login(make_member(project, Membership.Role.REVIEWER))
    assert client.get(address("show-dataset", dataset.hash)).status_code == 200
    assert address("new-dataset") not in client.get(address("list-datasets")).content.decode()
    assert client.get(address("new-dataset")).status_code == 404
    assert client.post(address("new-dataset"), FORM).status_code == 404
    assert Dataset.objects.count() == 1


def test_the_preview_says_what_the_button_will_make(client, project):
    page = client.get(address("new-dataset"))
    counts, total = table(page, "Pairs of responses in judged items")
    assert sum(counts.values()) == total == 18
    assert counts["Left out: an empty response"] == 2
    assert f"Freeze {counts['Comparisons']} comparisons" in text_of(page)
    assert Dataset.objects.count() == 0


def test_each_change_of_the_policy_counts_again_with_and_without_script(client, project):
    changed = {**FORM, "min_votes": "4"}
    for headers in ({}, {"HX-Request": "true"}):
        page = client.get(address("new-dataset"), changed, headers=headers)
        assert page.status_code == 200
        counts, _ = table(page, "Pairs of responses in judged items")
        assert counts["Left out: too few votes"] == 16
        assert "There is nothing to freeze under this policy" in text_of(page)
        assert ("<html" in page.content.decode()) is not bool(headers)


def test_freezing_from_the_page_leads_to_the_dataset(client, project):
    answer = client.post(address("new-dataset"), {**FORM, "name": "First"})
    dataset = Dataset.objects.get()
    assert answer.url == address("show-dataset", dataset.hash)
    page = client.get(answer.url)
    shown = text_of(page)
    assert "First" in shown
    assert dataset.hash in shown
    counts, total = table(page, "Pairs of responses in judged items")
    assert sum(counts.values()) == total == 18
    assert "judgments (item/labeler/revision) x" in shown
    assert "First" in text_of(client.get(address("list-datasets")))


def test_a_change_that_was_not_counted_is_shown_before_it_is_frozen(client, project):
    url, seen = address("new-dataset"), {**FORM, "ties": "drop"}
    shown = client.get(url, seen).context["counted"]
    refused = client.post(url, {**seen, "drop_empty": "", "counted": shown})
    assert refused.status_code == 422
    assert "a change was not counted yet" in text_of(refused)
    assert (
        table(refused, "Pairs of responses in judged items")[0]["Left out: an empty response"] == 0
    )
    assert not Dataset.objects.exists()
    now = refused.context["counted"]
    assert now != shown
    frozen = client.post(url, {**seen, "drop_empty": "", "counted": now})
    assert frozen.url == address("show-dataset", Dataset.objects.get().hash)


def test_the_form_as_it_opens_has_counted_what_it_would_freeze(client, project):
    page = client.get(address("new-dataset"))
    form = page.context["form"]
    said = {name: form[name].value() for name in form.fields}
    said = {name: "on" if value is True else value for name, value in said.items()}
    said = {
        name: value for name, value in said.items() if value is not None and value is not False
    }
    answer = client.post(address("new-dataset"), said | {"counted": page.context["counted"]})
    assert answer.status_code == 302, text_of(answer)


def test_freezing_the_same_again_says_so(client, project):
    for _ in range(2):
        answer = client.post(address("new-dataset"), FORM, follow=True)
    assert "This very dataset was frozen before" in text_of(answer)
    assert Dataset.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train": "90"}, "add up to 110 %, not to 100 %"),
        ({"min_votes": "0"}, "It is 1 or more."),
        ({"labels": "loudest"}, "That is not to choose here"),
        ({"name": "x" * 101}, "At most 100 characters fit, these are 101."),
        ({"salt": "\x00"}, "It has a NUL character"),
        ({"min_votes": "50"}, "every pair was left out by the policy"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_with_the_reason(client, project, change, message):
    answer = client.post(address("new-dataset"), {**FORM, **change})
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert 'role="alert"' in answer.content.decode()
    assert Dataset.objects.count() == 0
    assert client.post(address("new-dataset"), FORM).status_code == 302


def test_many_judgments_are_frozen_by_a_job_whose_page_leads_to_the_dataset(
    client, project, monkeypatch
):
    monkeypatch.setattr(services, "SMALL", 0)
    urls = {client.post(address("new-dataset"), FORM).url for _ in range(2)}
    job = Job.objects.get()  # a double click is one job
    assert urls == {address("show-freezing", job.pk)}
    waiting = client.get(urls.copy().pop()).content.decode()
    assert "hx-trigger" in waiting
    assert "Waiting" in text_of(client.get(address("list-datasets")))

    jobs.run(job.pk)

    dataset = Dataset.objects.get()
    assert dataset.job == job
    assert client.get(address("show-freezing", job.pk)).url == (
        address("show-dataset", dataset.hash)
    )
    over = client.get(address("show-freezing", job.pk), headers={"HX-Request": "true"})
    assert over.headers["HX-Redirect"] == address("show-dataset", dataset.hash)


def test_a_job_with_nothing_to_freeze_says_why(client, project, monkeypatch):
    monkeypatch.setattr(services, "SMALL", 0)
    answer = client.post(address("new-dataset"), {**FORM, "min_votes": "50"})
    jobs.run(Job.objects.get().pk)
    assert "every pair was left out by the policy" in text_of(client.get(answer.url))
    assert Dataset.objects.count() == 0


def test_verifying_says_whole_and_the_same_then_what_came_in_since(client, project):
    dataset = freeze(project)
    url = address("show-dataset", dataset.hash)

    def verified():
        assert client.post(address("verify-dataset", dataset.hash)).url == url
        assert 'hx-trigger="every' in client.get(url).content.decode()
        jobs.run(Job.objects.order_by("-pk").first().pk)
        over = client.get(url, headers={"HX-Request": "true"})
        assert over.headers["HX-Refresh"] == "true"
        return text_of(client.get(url))

    shown = verified()
    assert "Every file is whole. The database gives this very dataset again." in shown
    judge_more(project, project.items.first())
    shown = verified()
    assert "Every file is whole." in shown
    assert "Counted judgments: 18 then, 19 now." in shown
    (dataset.folder / "rankings.jsonl").unlink()
    assert "This dataset is damaged. rankings.jsonl is missing." in verified()


def test_a_file_comes_as_a_download_with_every_byte(client, project):
    dataset = freeze(project)
    answer = client.get(address("download-file", dataset.hash, "rankings.jsonl"))
    content = b"".join(answer.streaming_content)
    assert content == (dataset.folder / "rankings.jsonl").read_bytes()
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="{dataset.short_hash}.rankings.jsonl"'
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    absent = client.get(address("download-file", dataset.hash, "passwords.jsonl"))
    assert absent.status_code == 404


def test_a_reviewer_sees_the_dataset_and_not_who_judged_what(client, project):
    """They look at judgments without names: the files are for those who may export."""
    dataset = freeze(project)
    reviewer = make_member(project, Membership.Role.REVIEWER)
    client.force_login(reviewer)
    page = client.get(address("show-dataset", dataset.hash)).content.decode()
    assert "rankings.jsonl" in page
    assert address("download-file", dataset.hash, "rankings.jsonl") not in page
    manifest = client.get(address("download-file", dataset.hash, "manifest.json"))
    assert b"concord-dataset/1" in b"".join(manifest.streaming_content)
    for name in ("rankings.jsonl", "preferences.train.jsonl"):
        assert client.get(address("download-file", dataset.hash, name)).status_code == 404
        by_api = reverse("datasets-api:file", args=[dataset.hash, name])
        assert client.get(by_api).status_code == 404


def test_the_pages_of_a_foreign_dataset_are_absent(client, project):
    dataset = freeze(project)
    pages = [
        address("show-dataset", dataset.hash),
        address("download-file", dataset.hash, "manifest.json"),
    ]
    assert client.get(pages[0]).status_code == 200
    assert b"concord-dataset/1" in b"".join(client.get(pages[1]))
    other = make_project("other")
    client.force_login(make_member(other, Membership.Role.ADMIN))
    assert [client.get(url).status_code for url in pages] == [404, 404]
    # The hash of another project's dataset opens nothing through one's own project.
    assert client.get(address("show-dataset", dataset.hash, slug="other")).status_code == 404
    assert client.post(address("verify-dataset", dataset.hash)).status_code == 404
    assert Job.objects.count() == 0


def test_hostile_text_in_a_row_is_only_text(client, project):
    item = project.items.get(external_id="x0")
    response = item.responses.order_by("item_responses__position").first()
    response.text = "<script>alert(1)</script>"
    response.save()
    dataset = freeze(project, policy=services.Policy(split=(1.0, 0.0, 0.0)))
    page = client.get(address("show-dataset", dataset.hash)).content.decode()
    assert "<script>alert" not in page


def test_a_datasets_report_has_its_counts_and_what_its_labels_are_worth(client, project):
    dataset = freeze(project)
    url = address("show-report", dataset.hash)
    assert f'href="{url}"' in client.get(address("show-dataset", dataset.hash)).content.decode()
    assert "Not computed yet" in text_of(client.get(url))
    compute_report(project=project)
    shown = text_of(client.get(url))
    assert dataset.hash in shown
    assert "What became of" not in shown
    assert "Pairs of responses in judged items" in shown
    assert "Krippendorff’s alpha, nominal" in shown
    said = client.get(f"{url}?format=json").json()
    assert said["dataset"]["hash"] == dataset.hash
    assert said["dataset"]["counts"]["comparisons"] == dataset.counts["comparisons"]
    assert [one["kind"] for one in said["analyses"]] == ["agreement"]
    assert "dataset" not in {one["kind"] for one in said["methods"]}
    for handle in project.memberships.exclude(handle="").values_list("handle", flat=True):
        assert f'"{handle}"' not in client.get(f"{url}?format=json").content.decode()


def test_the_report_of_a_dataset_by_reliability_says_how_labelers_were_weighed(client, project):
    policy = services.Policy(consensus="one_coin", split=(1.0, 0.0, 0.0))
    dataset = freeze(project, policy=policy)
    compute_report(project=project)
    url = address("show-report", dataset.hash)
    assert "How labelers weigh: Dawid–Skene" in text_of(client.get(url))
    said = client.get(f"{url}?format=json").json()
    assert [one["kind"] for one in said["methods"]].count("dataset") == 2


def test_a_link_with_some_settings_leaves_the_rest_as_usual(client, project):
    url = address("new-dataset")
    said = client.get(url, {"ties": "drop", "drop_empty": "0"}).context["form"]
    policy = said.cleaned_data["policy"]
    assert policy == Policy(ties="drop", drop_empty=False)
    assert said["labels"].value() == "majority"  # no radio without a choice
    wrong = client.get(url, {"ties": "loud"})
    assert wrong.status_code == 422


def test_an_aim_fills_the_form_with_settings_that_there_are(client, project):
    url = address("new-dataset")
    for aim, said in AIMS.items():
        policy = client.get(url, {"for": aim}).context["form"].cleaned_data["policy"]
        for name, value in said.settings.items():
            assert getattr(policy, name) == value, (aim, name)
    kept = client.get(url, {"for": "dpo", "near_prompts": "ignore"}).context["form"]
    assert kept.cleaned_data["policy"].pairs == "best_rest"
    assert kept.cleaned_data["policy"].near_prompts == "ignore"


def test_two_picked_in_the_list_are_compared_the_newer_with_the_older(client, project):
    older = services.freeze_dataset(project=project).dataset
    listed = address("list-datasets")
    assert 'name="pick"' not in client.get(listed).content.decode()  # there is nothing to compare
    newer = services.freeze_dataset(project=project, policy=Policy(ties="drop")).dataset
    assert client.get(listed).content.decode().count('name="pick"') == 2
    choose = address("choose-diff")
    shown = client.get(choose, {"pick": [newer.hash, older.hash]}, follow=True)
    assert (shown.context["then"], shown.context["now"]) == (older, newer)
    again = client.get(choose, {"pick": [older.hash]}, follow=True)
    assert "Pick two datasets" in again.content.decode()
    for odd in ("\x00", "²", "x" * 5000):
        again = client.get(choose, {"pick": [older.hash, odd]}, follow=True)
        assert "Pick two datasets" in again.content.decode()
        compared = client.get(address("show-diff", newer.hash), {"with": odd})
        assert compared.status_code == 404


def test_a_handle_that_nobody_has_is_no_name_to_leave_out(client, project):
    known = project.memberships.exclude(handle="").first().handle
    answer = client.post(address("new-dataset"), {**FORM, "without_labelers": f"{known}, nobody"})
    assert answer.status_code == 422
    assert "Nobody here has the handle “nobody”." in text_of(answer)
    assert (
        client.post(address("new-dataset"), {**FORM, "without_labelers": known}).status_code == 302
    )
