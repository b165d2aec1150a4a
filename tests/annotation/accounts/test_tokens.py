"""API tokens: their page, their command, and what one of them opens."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from annotation.accounts.models import ApiToken
from annotation.accounts.tokens import create_token
from annotation.core import jobs
from annotation.core.errors import DomainError
from annotation.core.models import Event
from annotation.projects.members import change_role, remove
from annotation.projects.models import Membership
from annotation.projects.permissions import ACTIONS, RIGHTS
from tests.factories import make_item, make_key, make_member, make_project, make_user

pytestmark = pytest.mark.django_db
Role = Membership.Role
Right = ApiToken.Right
FORM = {"name": "laptop", "scope": "all", "rights": ["read", "import"], "days": "30"}
PROFILE = "/profile/"
ITEM = json.dumps(
    {
        "id": "x1",
        "prompt": "Why?",
        "responses": [{"id": "a", "text": "So."}, {"id": "b", "text": "No."}],
    }
)


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def engineer(project):
    return make_member(project, Role.ENGINEER)


def ask(key, path, method="get", **options):
    call = getattr(Client(), method)
    return call(path, headers={"Authorization": f"Bearer {key}"}, **options)


def agreement(key, slug="shop"):
    return ask(key, f"/api/projects/{slug}/agreement/")


def imports(key, slug="shop"):
    path = f"/api/projects/{slug}/items/import/"
    return ask(key, path, "post", data=ITEM, content_type="application/x-ndjson")


# Making one


def test_it_is_shown_once_and_only_its_hash_is_kept(client, engineer):
    client.force_login(engineer)

    page = client.post(PROFILE, FORM).content.decode()

    token = ApiToken.objects.get()
    key = page.split("<code>concord_")[1].split("</code>")[0]
    assert token.digest == ApiToken.digest_of("concord_" + key)
    assert key not in client.get(PROFILE).content.decode()
    assert key not in str(Event.objects.values_list("payload", flat=True))


def test_the_page_keeps_what_was_chosen_and_lists_it(client, project, engineer):
    make_member(make_project("other"), Role.LEAD)
    client.force_login(engineer)
    chosen = FORM | {"scope": "some", "projects": [project.pk]}

    client.post(PROFILE, chosen)

    token = ApiToken.objects.get()
    assert token.rights == [Right.READ, Right.IMPORT]
    assert list(token.projects.all()) == [project]
    assert not token.is_for_all_projects
    assert token.expires_at - token.created_at == timedelta(days=30)
    listed = client.get(PROFILE).content.decode()
    assert "<code>import</code>" in listed
    assert project.name in listed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "required"),
        ({"name": "a\x00b"}, "Null"),
        ({"name": "x" * 101}, "100"),
        ({"rights": []}, "Choose what the token may do."),
        ({"rights": ["everything"]}, "not one of the available"),
        ({"days": "3650"}, "not one of the available"),
        ({"scope": "some"}, "Choose what projects"),
        ({"scope": "some", "projects": ["999999"]}, "not one of the available"),
    ],
)
def test_what_cannot_be_is_refused_in_words(client, engineer, change, said):
    client.force_login(engineer)
    answer = client.post(PROFILE, FORM | change)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_nobody_makes_one_for_a_project_of_others(engineer):
    foreign = make_project("other")
    with pytest.raises(DomainError, match="owner is in"):
        create_token(user=engineer, name="x", rights=["read"], projects=[foreign])
    create_token(user=make_user(is_superuser=True), name="x", rights=["read"], projects=[foreign])


@pytest.mark.parametrize("days", [0, 366, 10**9])
def test_it_ends_within_a_year(engineer, days):
    with pytest.raises(DomainError, match="1 to 365 days"):
        create_token(user=engineer, name="x", rights=["read"], days=days)


def test_the_database_knows_no_token_without_an_end_or_a_right(engineer):
    token, _key = create_token(user=engineer, name="x", rights=["read"])
    late = token.created_at + timedelta(days=400)
    for wrong in ({"expires_at": late}, {"rights": []}, {"rights": ["all"]}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiToken.objects.filter(pk=token.pk).update(**wrong)


def test_nobody_revokes_a_token_of_somebody_else(client, engineer):
    token, key = create_token(user=engineer, name="theirs", rights=["read"])
    url = reverse("accounts:revoke-token", args=[token.pk])
    client.force_login(make_user())
    assert client.post(url).status_code == 404
    assert agreement(key).status_code != 401

    client.force_login(engineer)
    assert client.post(url).status_code == 302
    assert agreement(key).status_code == 401


# By command


def test_the_command_prints_a_key_that_works(project, engineer, capsys):
    call_command("create_token", engineer.username, project=["shop"], right=["import"], days=7)
    key = capsys.readouterr().out.strip()
    assert imports(key).status_code == 200
    token = ApiToken.objects.get()
    assert (token.rights, token.is_for_all_projects) == (["import"], False)
    assert token.expires_at - token.created_at == timedelta(days=7)


def test_without_options_it_may_only_read(engineer, capsys):
    call_command("create_token", engineer.username)
    key = capsys.readouterr().out.strip()
    assert agreement(key).status_code == 200
    assert imports(key).status_code == 403


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"username": "nobody"}, "There are: "),
        ({"project": ["elsewhere"]}, "There are: shop"),
        ({"days": 4000}, "1 to 365"),
    ],
)
def test_the_command_names_what_there_is(engineer, options, said):
    make_project("elsewhere")
    options = {"username": engineer.username} | options
    with pytest.raises(CommandError, match=said):
        call_command("create_token", options.pop("username"), **options)
    assert not ApiToken.objects.exists()


# What it opens


def test_the_page_of_the_api_tells_of_every_right(client):
    page = client.get("/api/docs/").content.decode()
    assert all(f"<dt><code>{right}</code></dt>" in page for right in Right.values)


def test_every_action_belongs_to_a_right_and_every_right_to_an_action():
    assert set(ACTIONS) == set().union(*RIGHTS.values())
    assert set(RIGHTS) == set(Right)
    assert all(RIGHTS.values())


def test_a_missing_right_is_named_and_nothing_is_done(project, engineer):
    key = make_key(engineer, Right.READ)
    assert agreement(key).status_code == 200

    refused = imports(key)

    assert refused.status_code == 403
    assert "lacks the right “import”" in refused.json()["detail"]
    assert not project.items.exists()
    assert imports(make_key(engineer, Right.IMPORT)).status_code == 200
    assert project.items.count() == 1


def test_a_foreign_project_is_absent_even_where_the_right_is_missing(engineer):
    make_project("other")
    key = make_key(engineer, Right.READ)
    foreign, absent = imports(key, "other"), imports(key, "nowhere")
    assert foreign.status_code == absent.status_code == 404
    assert foreign.content == absent.content


def test_a_token_for_one_project_sees_no_other_one(project, engineer):
    second = make_project("second")
    engineer.membership.project = second
    Membership.objects.create(project=second, user=engineer, role=Role.ENGINEER, handle="e")
    key = make_key(engineer, projects=[second])
    assert agreement(key, "second").status_code == 200
    assert agreement(key, "shop").status_code == 404
    assert agreement(make_key(engineer), "shop").status_code == 200


def test_rows_with_an_id_of_their_own_are_narrowed_too(project, engineer):
    get_resolver().reverse_dict  # noqa: B018 - the kinds of jobs are there with the views
    job, _new = jobs.enqueue(kind="figures", project=project)
    path = f"/api/jobs/{job.pk}/"
    second = make_project("second")
    Membership.objects.create(project=second, user=engineer, role=Role.ENGINEER, handle="e")
    assert ask(make_key(engineer, Right.READ), path).status_code == 200
    assert "“read”" in ask(make_key(engineer, Right.TRAIN), path).json()["detail"]
    assert ask(make_key(engineer, projects=[second]), path).status_code == 404


def test_judging_needs_its_right_and_its_project(project):
    make_item(project)
    labeler = make_member(project)
    borrow = "/api/projects/shop/next/"
    assert "“judge”" in ask(make_key(labeler, Right.READ), borrow, "post").json()["detail"]
    lent = ask(make_key(labeler, Right.JUDGE), borrow, "post").json()["assignment"]
    second = make_project("second")
    Membership.objects.create(project=second, user=labeler, role=Role.LABELER, handle="e")

    def judge(key):
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": lent["key"]}
        path, said = f"/api/assignments/{lent['id']}/judgment/", {"ranking": [["a"], ["b"]]}
        return Client().post(path, said, content_type="application/json", headers=headers)

    assert judge(make_key(labeler, Right.READ)).status_code == 403
    assert judge(make_key(labeler, projects=[second])).status_code == 404
    assert not project.judgments.exists()
    assert judge(make_key(labeler, Right.JUDGE, projects=[project])).status_code == 201


def test_it_never_has_more_than_its_owner_now(project, engineer):
    make_member(project, Role.LEAD)
    key = make_key(engineer)
    assert imports(key).status_code == 200
    change_role(membership=engineer.membership, role=Role.REVIEWER, actor=None)
    assert imports(key).status_code == 404
    assert agreement(key).status_code == 200
    remove(membership=engineer.membership, actor=None)
    assert agreement(key).status_code == 404


@pytest.mark.parametrize("projects", ["all", "one"])
def test_a_site_admins_token_is_narrowed_as_well(project, projects):
    admin = make_user(is_superuser=True)
    make_project("other")
    scope = {} if projects == "all" else {"projects": [project]}
    key = make_key(admin, Right.READ, **scope)
    assert agreement(key).status_code == 200
    assert imports(key).status_code == 403
    assert agreement(key, "other").status_code == (200 if projects == "all" else 404)


@pytest.mark.parametrize(
    ("scope", "status"), [({}, 201), ({"rights": ["import"]}, 404), ({"projects": "one"}, 404)]
)
def test_a_project_is_made_by_a_token_that_manages_everything(project, scope, status):
    admin = make_user(is_superuser=True)
    if scope.get("projects"):
        scope = {"projects": [project]}
    key = make_key(admin, **scope)
    answer = ask(
        key, "/api/projects/", "post", data={"slug": "fresh"}, content_type="application/json"
    )
    assert answer.status_code == status


def test_an_ended_token_is_no_token(engineer):
    key = make_key(engineer)
    assert agreement(key).status_code == 200
    past = timezone.now() - timedelta(days=91)
    ApiToken.objects.update(created_at=past, expires_at=past + timedelta(days=90))
    assert agreement(key).status_code == 401


def test_asking_by_token_costs_one_statement_whatever_its_scope(
    project, engineer, django_assert_num_queries
):
    path = "/api/projects/shop/rubric/"
    for scope in ({}, {"projects": [project]}):
        key = make_key(engineer, **scope)
        ask(key, path)  # writes when it was last used
        with django_assert_num_queries(3):  # token, membership, which version
            assert ask(key, path).status_code == 200
