"""Datasets sent to buckets and to the Hub: whole, once, and never half to be seen."""

import errno
import json
import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from annotation.core import jobs, retrying
from annotation.core.addresses import Origins
from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Event, Job
from annotation.core.options import BadOption
from annotation.core.sealed import unseal
from annotation.datasets.models import DatasetPush, Destination
from annotation.datasets.policy import Policy
from annotation.datasets.publishing import destinations, pushing, shelves
from annotation.datasets.services import freeze_dataset
from annotation.projects.models import Membership
from tests.annotation.core.fake_hub import TOKEN, hubbing
from tests.annotation.core.fake_s3 import KEYS, storing
from tests.annotation.datasets.world import make_world
from tests.factories import make_key, make_member

pytestmark = pytest.mark.django_db
SLUG = "shop"


@pytest.fixture
def storage(settings, monkeypatch):
    monkeypatch.setattr(retrying, "PAUSE", 0)
    monkeypatch.setattr(jobs, "dispatch", lambda *args, **options: True)
    with storing() as server, hubbing() as hub:
        server.hub, server.origin = hub, f"http://127.0.0.1:{server.server_port}"
        settings.EGRESS_ORIGINS = Origins([server.origin, hub.origin, "https://s3.example"])
        yield server


@pytest.fixture
def project(storage):
    return make_world(SLUG, items=3)


@pytest.fixture
def dataset(project):
    return freeze_dataset(project=project, policy=Policy(), name="taste").dataset


@pytest.fixture
def engineer(project, client):
    engineer = make_member(project, Membership.Role.ENGINEER)
    client.force_login(engineer)
    return engineer


def bucket_said(storage, **changes):
    return {
        "name": "Shelf",
        "endpoint": storage.origin,
        "region": KEYS.region,
        "bucket": "shelf",
        "prefix": "teams/ours",
        "access_key": KEYS.access_key,
        "secret": KEYS.secret,
    } | changes


@pytest.fixture
def bucket(project, storage):
    return destinations.add_destination(project=project, kind="s3", **bucket_said(storage))


@pytest.fixture
def repository(project, storage):
    return destinations.add_destination(
        project=project,
        kind="hub",
        name="Hub",
        repository="acme/taste",
        endpoint=storage.hub.origin,
        secret=TOKEN,
    )


def url(name, *args):
    return reverse(f"datasets:{name}", args=[SLUG, *args])


def done(push):
    """What a worker makes of it."""
    jobs.run(push.job_id)
    found = type(push).objects.select_related("job").get(pk=push.pk)
    assert found.job.state == "done", found.job.error
    return found


def failed(push):
    jobs.run(push.job_id)
    found = type(push).objects.select_related("job").get(pk=push.pk)
    assert found.job.state == "failed"
    assert (found.place, found.files, found.arrived_at) == ("", {}, None)
    return found


def pushed(dataset, destination, form="preference", **order):
    return pushing.push_dataset(dataset=dataset, destination=destination, form=form, **order)


def records(storage):
    return [key for key in storage.kept if key.endswith("/export.json")]


# Destinations.


def test_an_engineer_adds_a_bucket_and_no_page_shows_its_secret(client, engineer, storage):
    added = client.post(url("new-destination", "s3"), bucket_said(storage))
    made = Destination.objects.get()
    assert added.headers["Location"] == url("show-destination", made.pk)
    assert unseal(made.sealed_secret, place=made.place) == KEYS.secret
    for page in (url("list-destinations"), url("show-destination", made.pk)):
        said = client.get(page).content.decode()
        assert "s3://shelf/teams/ours" in said
        assert KEYS.secret not in said
        assert made.sealed_secret not in said
    assert KEYS.secret not in str(list(Event.objects.values()))
    assert Event.objects.get(kind="destination.added").actor == engineer


def test_a_repository_is_added_with_the_hubs_own_address_where_none_is_said(project, settings):
    settings.EGRESS_ORIGINS = Origins(["https://*"])
    made = destinations.add_destination(
        project=project, kind="hub", name="Hub", repository="acme/taste", secret=TOKEN
    )
    assert (made.endpoint, made.address) == ("https://huggingface.co", "acme/taste")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endpoint": "http://169.254.169.254"}, "endpoint"),
        ({"endpoint": ""}, "endpoint"),
        ({"endpoint": "https://s3.example/?x"}, "endpoint"),
        ({"region": ""}, "region"),
        ({"region": "eu\r\nX: 1"}, "region"),
        ({"bucket": "No"}, "bucket"),
        ({"prefix": "../up"}, "prefix"),
        ({"prefix": "a//b"}, "prefix"),
        ({"access_key": "AK, Signature=x"}, "access_key"),
        ({"secret": "two words"}, "secret"),
        ({"secret": ""}, "secret"),
        ({"name": " "}, "name"),
    ],
)
def test_what_no_destination_can_be_is_refused_and_names_the_field(
    client, engineer, storage, change, field
):
    said = {**bucket_said(storage), **change}
    with pytest.raises(BadOption) as caught:
        destinations.add_destination(project=engineer.membership.project, kind="s3", **said)
    assert caught.value.field == field
    page = client.post(url("new-destination", "s3"), said)
    assert page.status_code == 422
    assert KEYS.secret not in page.content.decode()
    assert not Destination.objects.exists()


def test_a_repository_has_an_owner_and_a_name(project, storage):
    for wrong in ("taste", "a/b/c", "../x", "acme/ta ste"):
        with pytest.raises(BadOption, match="who owns it"):
            destinations.add_destination(
                project=project, kind="hub", name="Hub", repository=wrong,
                endpoint=storage.hub.origin, secret=TOKEN,
            )  # fmt: skip


def test_a_name_is_taken_once_until_its_destination_is_removed(project, bucket, storage):
    said = bucket_said(storage, name="SHELF")
    with pytest.raises(Conflict, match="of this name"):
        destinations.add_destination(project=project, kind="s3", **said)
    destinations.remove_destination(destination=bucket)
    bucket.refresh_from_db()
    assert bucket.sealed_secret == ""
    destinations.add_destination(project=project, kind="s3", **said)
    with pytest.raises(Conflict, match="removed meanwhile"):
        destinations.replace_secret(destination=bucket, secret="new")


def test_the_database_keeps_no_secret_of_what_was_removed(bucket):
    with pytest.raises(IntegrityError), transaction.atomic():
        Destination.objects.update(removed_at="2026-01-01T00:00Z")


def test_a_trial_says_whether_it_takes_files_and_leaves_nothing(client, engineer, bucket, storage):
    client.post(url("change-destination", bucket.pk), {"do": "try"})
    assert "Asking" in client.get(url("show-destination", bucket.pk)).content.decode()
    jobs.run(destinations.last_trial(bucket).pk)
    assert "gives them back" in client.get(url("show-destination", bucket.pk)).content.decode()
    assert storage.kept == {}
    assert [method for method, _path in storage.seen] == ["PUT", "GET", "HEAD", "DELETE"]


def test_a_trial_of_a_wrong_secret_says_so(client, engineer, bucket):
    said = {"do": "replace_secret", "secret": "another"}
    client.post(url("change-destination", bucket.pk), said)
    jobs.run(destinations.request_trial(destination=bucket).pk)
    page = client.get(url("show-destination", bucket.pk)).content.decode()
    assert "does not accept the key" in page


def test_a_trial_of_a_repository_says_whether_it_is_there(repository, storage):
    assert shelves.try_out(repository) == shelves.IS_MADE
    storage.hub.repos["datasets/acme/taste"] = [{}]
    assert shelves.try_out(repository) == shelves.IS_THERE


# Pushes.


def test_an_export_lies_in_a_bucket_with_its_card_and_its_record(dataset, bucket, storage):
    push = done(pushed(dataset, bucket))
    folder = push.place.removeprefix("s3://shelf/")
    assert folder.startswith(f"teams/ours/datasets/{dataset.short_hash}/preference-")
    lies = {key.removeprefix(f"{folder}/"): body for key, body in storage.kept.items()}
    assert set(lies) == set(push.files)
    assert lies["README.md"].startswith(b"---\n")
    record = json.loads(lies["export.json"])
    assert record["dataset"] == dataset.hash
    assert {name: len(lies[name]) for name in record["files"]} == {
        name: entry["bytes"] for name, entry in record["files"].items()
    }
    puts = [path for method, path in storage.seen if method == "PUT"]
    assert puts[-1].endswith("/export.json"), "what makes it whole goes last"
    assert push.sha256 == push.files["export.json"]["sha256"]
    told = Event.objects.get(kind="dataset.pushed").payload
    assert (told["where"], told["name"]) == (push.place, "Shelf")


def test_an_export_is_one_commit_on_the_hub_and_the_next_takes_its_place(
    dataset, repository, storage
):
    first = done(pushed(dataset, repository))
    commits = storage.hub.repos["datasets/acme/taste"]
    assert set(commits[-1]) == set(first.files)
    assert first.revision == f"{1:040x}"
    assert first.url.endswith(f"/datasets/acme/taste/tree/{first.revision}")
    second = done(pushed(dataset, repository, "sft", as_parquet=False))
    assert set(commits[-1]) == set(second.files)
    assert len(commits) == 3


@pytest.mark.parametrize("handles", [True, False])
def test_labelers_are_named_by_pseudonyms_unless_it_is_wished(dataset, bucket, storage, handles):
    done(pushed(dataset, bucket, "judgments", with_handles=handles))
    rows = b"".join(body for key, body in storage.kept.items() if key.endswith(".jsonl"))
    assert (b'"w1"' in rows, b'"labeler-1"' in rows) == (handles, not handles)


def test_the_same_push_twice_is_one_and_sends_nothing_again(dataset, bucket, storage):
    first, again = pushed(dataset, bucket), pushed(dataset, bucket)
    assert first == again
    assert DatasetPush.objects.count() == 1
    place = done(first).place
    storage.seen.clear()
    assert done(pushed(dataset, bucket)).place == place
    assert {method for method, _path in storage.seen} == {"HEAD"}


def test_a_push_that_stopped_is_taken_up_where_it_was(client, engineer, dataset, bucket, storage):
    push = pushed(dataset, bucket)
    put, sent = storage.RequestHandlerClass.act, []

    def dying(handler, key, query, body):
        if handler.command == "PUT":
            sent.append(key)
            if len(sent) == 3:
                return handler.answer(403, b"<Code>AccessDenied</Code>")
        return put(handler, key, query, body)

    storage.RequestHandlerClass = type("Dying", (storage.RequestHandlerClass,), {"act": dying})
    assert "may not do this" in failed(push).job.error
    assert records(storage) == []
    assert len(storage.kept) == 2
    page = client.get(url("show-push", push.pk)).content.decode()
    assert "It did not arrive." in page
    client.post(url("change-push", push.pk), {"do": "resume"})
    done(push)
    assert len(records(storage)) == 1
    assert len(sent) == len(set(sent)) + 1, "only the refused one went twice"


def test_a_push_that_is_cancelled_ends_before_its_record(
    client, engineer, dataset, bucket, storage
):
    push = pushed(dataset, bucket)
    act = storage.RequestHandlerClass.act

    def cancelling(handler, key, query, body):
        if handler.command == "PUT" and not storage.kept:
            storage.is_asked.append(key)
        return act(handler, key, query, body)

    storage.is_asked = []
    storage.RequestHandlerClass = type("Slow", (storage.RequestHandlerClass,), {"act": cancelling})
    progress = jobs.Claim.progress

    def asked(claim, *args, **options):
        if storage.is_asked:
            Job.objects.filter(pk=push.job_id).update(cancel_requested_at="2026-01-01T00:00Z")
        return progress(claim, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs.Claim, "progress", asked)
        jobs.run(push.job_id)
    push.refresh_from_db()
    assert push.job.state == "cancelled"
    assert len(storage.kept) == 1
    assert records(storage) == []
    assert "Take it up again" in client.get(url("show-push", push.pk)).content.decode()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"fixed": (404, b"<Code>NoSuchBucket</Code>")}, "answered 404|no such bucket"),
        ({"fixed": (403, b"<Code>SignatureDoesNotMatch</Code>")}, "may not|does not accept"),
        ({"fixed": (301, b"")}, "another region"),
        ({"busy": 99}, "is busy"),
        ({"most": 3}, "did not arrive whole"),
    ],
)
def test_each_trouble_with_a_bucket_is_a_sentence_and_nothing_looks_whole(
    dataset, bucket, storage, fault, said
):
    for name, value in fault.items():
        setattr(storage, name, value)
    push = failed(pushed(dataset, bucket))
    assert re.search(said, push.job.error)
    assert records(storage) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"fixed": {"POST .*/commit/": (412, {})}}, "changed the repository meanwhile"),
        ({"fixed": {"POST .*/commit/": (500, {})}}, "is busy"),
        ({"role": "read"}, "needs the right to write"),
        ({"most_regular": 0, "most": 3}, "answered 422"),
    ],
)
def test_each_trouble_with_the_hub_is_a_sentence_and_no_commit(
    dataset, repository, storage, fault, said
):
    for name, value in fault.items():
        setattr(storage.hub, name, value)
    assert said in failed(pushed(dataset, repository)).job.error
    assert storage.hub.repos.get("datasets/acme/taste", [{}]) == [{}]


def test_a_full_disk_is_a_sentence(dataset, bucket, storage, monkeypatch):
    def full(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pushing, "written", full)
    assert "disk is full" in failed(pushed(dataset, bucket)).job.error
    assert storage.kept == {}


def test_a_removed_destination_gets_nothing_more(dataset, bucket, storage):
    push = pushed(dataset, bucket)
    destinations.remove_destination(destination=bucket)
    assert "removed meanwhile" in failed(push).job.error
    with pytest.raises(DomainError, match="removed meanwhile"):
        pushing.resume(DatasetPush.objects.get(pk=push.pk))
    assert storage.seen == []


@pytest.fixture
def between_parts(bucket, storage, monkeypatch):
    """Something that happens once, when the first file has been sent."""
    real, doing = jobs.Claim.alive, []

    def alive(claim):
        while storage.kept and doing:
            doing.pop()()
        real(claim)

    monkeypatch.setattr(jobs.Claim, "alive", alive)
    return doing.append


def test_a_destination_that_is_removed_on_the_way_gets_nothing_more(
    dataset, bucket, storage, between_parts
):
    between_parts(lambda: destinations.remove_destination(destination=bucket))
    assert "removed meanwhile" in failed(pushed(dataset, bucket)).job.error
    assert len(storage.kept) == 1
    assert records(storage) == []


def test_another_secret_is_used_from_then_on(dataset, bucket, storage, between_parts):
    replaced = []

    def replace():
        destinations.replace_secret(destination=bucket, secret=KEYS.secret)
        replaced.append(True)

    between_parts(replace)
    push = pushed(dataset, bucket)
    jobs.run(push.job_id)
    push.job.refresh_from_db()
    assert (push.job.state, replaced) == ("queued", [True])
    done(push)
    assert len(records(storage)) == 1


def test_who_orders_stops_and_resumes_a_push_is_written_down(client, engineer, dataset, bucket):
    push = pushed(dataset, bucket, "judgments", with_handles=True)
    for do in ("cancel", "cancel", "resume"):
        client.post(url("change-push", push.pk), {"do": do})
    told = Event.objects.filter(kind__startswith="push.").order_by("pk")
    assert [event.kind for event in told] == ["push.ordered", "push.cancelled", "push.resumed"]
    assert told[0].payload | {"format": "judgments", "handles": True} == told[0].payload
    assert {event.target for event in told} == {f"dataset:{dataset.pk}"}
    assert [event.actor for event in told[1:]] == [engineer, engineer]


def test_a_key_that_may_write_and_not_read_is_told_so(dataset, bucket, storage):
    act = storage.RequestHandlerClass.act

    def writing(handler, key, query, body):
        if handler.command == "HEAD":
            return handler.answer(403, b"")
        return act(handler, key, query, body)

    storage.RequestHandlerClass = type("Blind", (storage.RequestHandlerClass,), {"act": writing})
    assert "may not" in failed(pushed(dataset, bucket)).job.error
    assert len(storage.kept) == 1


def test_a_removed_destination_is_not_tried(bucket, storage):
    job = destinations.request_trial(destination=bucket)
    destinations.remove_destination(destination=bucket)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert "removed meanwhile" in job.error
    assert storage.seen == []


def test_a_destination_of_another_project_is_refused(dataset, storage):
    other = make_world("other", items=1)
    theirs = destinations.add_destination(project=other, kind="s3", **bucket_said(storage))
    with pytest.raises(DomainError):
        pushed(dataset, theirs)
    assert not DatasetPush.objects.exists()


def test_the_page_sends_and_shows_where_it_went(client, engineer, dataset, bucket):
    page = client.get(url("show-exports", dataset.hash)).content.decode()
    assert "Send it somewhere" in page
    said = {"destination": bucket.pk, "form": "label-studio", "parquet": "on"}
    sent = client.post(url("push-dataset", dataset.hash), said)
    push = DatasetPush.objects.get()
    assert sent.headers["Location"] == url("show-push", push.pk)
    assert not push.is_parquet, "that format has none"
    assert "Waiting" in client.get(url("show-push", push.pk)).content.decode()
    part = client.get(url("show-push", push.pk), headers={"HX-Request": "true"})
    assert b"hx-get" in part.content
    place = done(push).place
    for name, digest in (("show-push", push.pk), ("show-dataset", dataset.hash)):
        assert place in client.get(url(name, digest)).content.decode()
    over = client.get(url("show-push", push.pk), headers={"HX-Request": "true"})
    assert over.headers["HX-Refresh"] == "true"


def test_a_push_without_a_destination_is_a_sentence(client, engineer, dataset):
    said = client.post(url("push-dataset", dataset.hash), {"form": "sft"}, follow=True)
    assert "Choose where it shall go." in said.content.decode()


def test_the_api_adds_tries_pushes_and_tells(client, engineer, dataset, storage):
    key = make_key(engineer, "read", "export")
    ask = {"headers": {"Authorization": f"Bearer {key}"}, "content_type": "application/json"}
    client.logout()

    def path(name, *args):
        return reverse(f"datasets-api:{name}", args=args)

    said = bucket_said(storage, kind="s3")
    made = client.post(path("destinations", SLUG), said, **ask)
    assert made.status_code == 201, made.content
    assert KEYS.secret not in made.content.decode()
    tried = client.post(path("try-destination", made.json()["id"]), **ask)
    assert tried.status_code == 202
    ordered = client.post(path("pushes", dataset.hash), {"destination": "shelf"}, **ask).json()
    assert (ordered["state"], ordered["place"]) == ("queued", "")
    done(DatasetPush.objects.get())
    told = client.get(path("push", ordered["id"]), **ask).json()
    assert told["state"] == "done"
    assert told["files"]["export.json"]["sha256"] == told["sha256"]
    assert client.get(path("pushes", dataset.hash), **ask).json() == [told]
    assert client.delete(path("destination", made.json()["id"]), **ask).status_code == 204
    assert client.get(path("destinations", SLUG), **ask).json() == []


def test_the_command_pushes_and_tells_what_arrived(dataset, bucket, storage):
    told = StringIO()
    call_command("push_dataset", dataset.hash[:8], "shelf", "--format", "sft", stdout=told)
    assert f"s3://shelf/teams/ours/datasets/{dataset.short_hash}/sft-" in told.getvalue()
    assert len(records(storage)) == 1
    storage.fixed = (403, b"")
    with pytest.raises(DomainError, match="may not"):
        call_command("push_dataset", dataset.hash[:8], "shelf", stdout=told)
