"""From judgments in the database to the figures of a report."""

import json

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from annotation.core import jobs
from annotation.core.database import consistent_reads
from annotation.core.models import Job
from annotation.labeling.models import ItemResponse, Purpose
from annotation.projects import services as projects
from annotation.prompts.models import Generator, Response
from annotation.quality import services
from annotation.quality.analyses import ANALYSES
from annotation.quality.models import Report
from annotation.quality.snapshot import take_snapshot
from annotation.quality.stats.alpha import krippendorff_alpha
from tests.annotation.quality.shape import PAIRS, SECTIONS
from tests.annotation.quality.world import make_judged_project
from tests.data import shared
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


def agreement_of(project):
    """The figures, after a trip through strict JSON: no NaN gets out."""
    report = services.compute_report(project=project)
    return json.loads(json.dumps(report.result, allow_nan=False))["agreement"]


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def labelers(project):
    return [make_member(project, handle=f"w{number}") for number in (1, 2, 3)]


def test_pandalm_through_the_database_gives_the_published_figures():
    rows = json.loads(shared("pandalm/testset-v1.json").read_text())
    ranks = {0: (1, 1), 1: (1, 2), 2: (2, 1)}
    project = make_judged_project(
        [
            (number, f"annotator{labeler}", ranks[row[f"annotator{labeler}"]])
            for number, row in enumerate(rows)
            for labeler in (1, 2, 3)
        ]
    )

    pairs = agreement_of(project)["pairs"]

    published = {
        "raw": 0.919920,
        "raw_macro": 0.919920,
        "alpha_nominal": 0.864221,
        "alpha_ordinal": 0.877464,
        "fleiss_kappa": 0.864175,
        "gwet_ac1": 0.886445,
        "gwet_ac2": 0.867075,
        "brennan_prediger": 0.879880,
    }
    assert {key: pairs[key]["value"] for key in published} == pytest.approx(published, abs=1e-6)
    assert {pair: estimate["value"] for pair, estimate in pairs["cohen_kappa"].items()} == (
        pytest.approx(
            {
                "annotator1|annotator2": 0.852023,
                "annotator1|annotator3": 0.878944,
                "annotator2|annotator3": 0.861661,
            },
            abs=1e-6,
        )
    )
    assert pairs["alpha_nominal"]["ci"] == pytest.approx([0.8402, 0.8861], abs=0.005)
    for estimate in (pairs["raw"], *pairs["cohen_kappa"].values()):
        assert estimate["n_items"] == 999


def test_the_figures_have_the_documented_shape(project, labelers):
    item = make_item(project, ("One.", "Two.", "Three."))
    for labeler in labelers:
        make_judgment(item, labeler, [1, 2, 3], ratings={"helpfulness": [5, 3, 1]})

    agreement = agreement_of(project)

    keys = {"value", "reason", "ci", "n_items", "n_pairable", "n_ratings"}
    assert set(agreement) == SECTIONS
    assert set(agreement["pairs"]) == PAIRS
    assert set(agreement["pairs"]["raw"]) == keys
    assert set(agreement["pairs"]["cohen_kappa"]) == {"w1|w2", "w1|w3", "w2|w3"}
    assert set(agreement["rankings"]) == {"kendall_w", "tau_b", "tau_x", "rank_alpha"}
    assert set(agreement["rankings"]["tau_b"]) == keys | {"n_undefined"}
    assert set(agreement["criteria"]) == {"helpfulness", "truthfulness", "clarity"}
    assert agreement["criteria"]["helpfulness"]["value"] == pytest.approx(1.0)
    assert agreement["criteria"]["clarity"]["reason"] == "no_data"


def test_nothing_judged_is_no_data_everywhere(project):
    make_item(project)
    agreement = agreement_of(project)
    estimates = [
        *(value for key, value in agreement["pairs"].items() if key != "cohen_kappa"),
        *agreement["rankings"].values(),
        *agreement["criteria"].values(),
    ]
    assert len(estimates) == 17
    assert {(one["value"], one["reason"], one["n_items"]) for one in estimates} == {
        (None, "no_data", 0)
    }
    assert agreement["pairs"]["cohen_kappa"] == {}


def test_one_labeler_is_not_pairable(project, labelers):
    for _ in range(3):
        make_judgment(make_item(project), labelers[0], [1, 2])
    agreement = agreement_of(project)
    assert agreement["pairs"]["raw"]["reason"] == "no_pairable"
    assert agreement["pairs"]["raw"]["n_items"] == 3
    assert agreement["rankings"]["kendall_w"]["reason"] == "no_pairable"
    assert agreement["pairs"]["cohen_kappa"] == {}


def test_two_labelers_without_a_shared_item_say_so(project, labelers):
    make_judgment(make_item(project), labelers[0], [1, 2])
    make_judgment(make_item(project), labelers[1], [1, 2])
    kappa = agreement_of(project)["pairs"]["cohen_kappa"]["w1|w2"]
    assert (kappa["value"], kappa["reason"], kappa["n_items"]) == (None, "no_pairable", 0)


def test_everything_tied_has_raw_agreement_and_no_order(project, labelers):
    for _ in range(2):
        item = make_item(project)
        for labeler in labelers:
            make_judgment(item, labeler, [1, 1])
    agreement = agreement_of(project)
    assert agreement["pairs"]["raw"]["value"] == 1.0
    assert agreement["pairs"]["gwet_ac1"]["value"] == pytest.approx(1.0)
    for key in ("alpha_nominal", "alpha_ordinal", "fleiss_kappa"):
        assert agreement["pairs"][key]["reason"] == "no_variation"
    rankings = agreement["rankings"]
    for key in ("kendall_w", "tau_b"):
        assert (rankings[key]["reason"], rankings[key]["n_undefined"]) == ("all_tied", 2)
    assert rankings["tau_x"]["value"] == 1.0  # a tie that both share is agreement
    assert rankings["rank_alpha"]["reason"] == "no_variation"


def test_only_the_current_revision_counts(project, labelers):
    item = make_item(project)
    make_judgment(item, labelers[0], [1, 2])
    make_judgment(item, labelers[1], [2, 1])
    make_judgment(item, labelers[1], [1, 2], revision=2)
    raw = agreement_of(project)["pairs"]["raw"]
    assert (raw["value"], raw["n_ratings"]) == (1.0, 2)


def test_a_response_that_was_left_out_is_not_last(project, labelers):
    item = make_item(project, ("One.", "Two.", "Three."))
    make_judgment(item, labelers[0], [1, 2, None])
    make_judgment(item, labelers[1], [1, 2, 3])
    raw = agreement_of(project)["pairs"]["raw"]
    assert (raw["value"], raw["n_ratings"]) == (1.0, 1 + 3)


def test_unacceptable_is_below_every_tier_and_two_of_them_tie(project, labelers):
    item = make_item(project, ("One.", "Two.", "Three."))
    make_judgment(item, labelers[0], [1, "x", "x"])
    make_judgment(item, labelers[1], [1, 2, 2])
    report = services.compute_report(project=project).result
    assert report["agreement"]["pairs"]["raw"]["value"] == 1.0
    assert report["agreement"]["rankings"]["tau_b"]["value"] == pytest.approx(1.0)
    assert report["extent"]["both_unacceptable"] == 1


def test_figures_do_not_depend_on_the_order_of_import(project, labelers):
    """The tie stands in the middle between the lower and the higher response id: turning the
    responses of some items around must change nothing."""
    straight, turned = make_project(), make_project()
    verdicts = [([1, 2], [1, 1]), ([2, 1], [2, 1]), ([1, 1], [2, 1]), ([1, 2], [1, 2])]
    for where, is_turned in ((straight, False), (turned, True)):
        users = [make_member(where, handle=f"w{number}") for number in (1, 2)]
        for index, ranks in enumerate(verdicts):
            item = make_item(where)
            swap = is_turned and index % 2 == 0
            if swap:
                _swap_keys(item)
            for user, verdict in zip(users, ranks, strict=True):
                make_judgment(item, user, verdict[::-1] if swap else verdict)

    one, other = agreement_of(straight), agreement_of(turned)

    assert one == other
    positions = take_snapshot(turned).canonical[:, :2].tolist()
    assert positions == [[1, 0], [0, 1], [1, 0], [0, 1]]


def _swap_keys(item):
    first, second = item.item_responses.order_by("position")
    ItemResponse.objects.filter(pk=first.pk).update(key="later")
    ItemResponse.objects.filter(pk=second.pk).update(key="a")
    ItemResponse.objects.filter(pk=first.pk).update(key="b")


def test_another_projects_judgments_do_not_count(project, labelers):
    make_judgment(make_item(project), labelers[0], [1, 2])
    other = make_project()
    make_judgment(make_item(other), make_member(other), [1, 2])
    assert agreement_of(project)["pairs"]["raw"]["n_ratings"] == 1


def test_alpha_of_a_criterion_is_over_the_ratings_of_each_response(project, labelers):
    ratings = [[5, 1], [4, 2], [5, 1]], [[3, 3], [3, 4], [None, 3]]
    for per_labeler in ratings:
        item = make_item(project)
        for labeler, values in zip(labelers, per_labeler, strict=True):
            make_judgment(item, labeler, [1, 2], ratings={"helpfulness": values})
    alpha = agreement_of(project)["criteria"]["helpfulness"]
    counts = [  # responses x scale 1..5
        [0, 0, 0, 1, 2],
        [2, 1, 0, 0, 0],
        [0, 0, 2, 0, 0],
        [0, 0, 2, 1, 0],
    ]
    assert alpha["value"] == pytest.approx(krippendorff_alpha(counts, "ordinal").value)
    assert (alpha["n_items"], alpha["n_pairable"], alpha["n_ratings"]) == (2, 2, 11)


def test_an_older_rubrics_criterion_keeps_its_figures(project, labelers):
    item = make_item(project)
    for labeler in labelers:
        make_judgment(item, labeler, [1, 2], ratings={"clarity": [4, 2]})
    projects.publish_rubric(project=project, guideline="New.", criteria=())
    assert agreement_of(project)["criteria"]["clarity"]["value"] == pytest.approx(1.0)


def test_the_most_disputed_items_come_first_with_their_first_places(project, labelers):
    calm, fought = make_item(project, ("A", "B", "C")), make_item(project, ("A", "B", "C"))
    for labeler in labelers:
        make_judgment(calm, labeler, [1, 2, 3])
    for labeler, ranks in zip(labelers, ([1, 2, 3], [3, 2, 1], ["x", 1, 1]), strict=True):
        make_judgment(fought, labeler, ranks)
    disputed = services.compute_report(project=project).result["disputed"]
    assert [row["item"] for row in disputed] == [fought.pk]
    assert disputed[0]["first_places"] == [1, 1, 2]
    assert disputed[0]["tau_b"] < 0


# Reports


def test_the_same_judgments_are_computed_once(project, labelers):
    make_judgment(make_item(project), labelers[0], [1, 2])
    first = services.compute_report(project=project)
    again = services.compute_report(project=project)
    assert first.pk == again.pk
    assert Report.objects.count() == 1


def test_a_new_judgment_makes_the_report_stale(project, labelers):
    item = make_item(project)
    make_judgment(item, labelers[0], [1, 2])
    report = services.compute_report(project=project)
    assert not services.is_stale(report)

    make_judgment(item, labelers[1], [1, 2])

    assert services.is_stale(report)
    newer = services.compute_report(project=project)
    assert newer.pk != report.pk
    assert services.latest_report(project) == newer
    assert not services.is_stale(newer)


def test_a_report_of_older_code_is_computed_again(project):
    report = services.compute_report(project=project)
    assert services.latest_report(project) == report
    Report.objects.update(code_version="0", result={"other": "shape"})
    assert services.latest_report(project) is None
    assert services.compute_report(project=project).result == report.result


def test_the_job_leaves_a_report_and_says_how_far_it_is(project, labelers):
    item = make_item(project)
    for labeler in labelers:
        make_judgment(item, labeler, [1, 2])
    job = services.request_figures(project=project, actor=labelers[0])
    assert services.request_figures(project=project) == job

    jobs.run(job.pk)

    job.refresh_from_db()
    report = services.latest_report(project)
    assert (job.state, job.error) == (Job.State.DONE, "")
    assert job.result["reports"]["agreement"] == report.pk
    assert job.progress_done == job.progress_total == services.STEPS * (len(ANALYSES) + 1)
    assert report.job == job
    assert report.result["agreement"]["pairs"]["raw"]["value"] == 1.0


def test_a_job_that_lost_its_lease_leaves_no_report(project, labelers):
    make_judgment(make_item(project), labelers[0], [1, 2])
    job = services.request_figures(project=project)
    claim = jobs.Claim.take(job.pk)
    assert claim is not None
    Job.objects.filter(pk=job.pk).update(token=claim.token + 1)
    with pytest.raises(jobs.Fenced):
        services.compute_in_job(claim)
    assert not Report.objects.exists()


def test_a_small_project_is_answered_on_the_spot(project, labelers):
    make_judgment(make_item(project), labelers[0], [1, 2])
    report, job = services.answer(project=project)
    assert report is not None
    assert job is None


def test_a_large_project_is_answered_by_a_job(project, labelers, monkeypatch):
    make_judgment(make_item(project), labelers[0], [1, 2])
    monkeypatch.setattr(services, "SMALL", 0)
    report, job = services.answer(project=project)
    assert report is None
    jobs.run(job.pk)
    assert services.answer(project=project) == (services.latest_report(project), None)

    make_judgment(make_item(project), labelers[1], [1, 2])
    stale, newer_job = services.answer(project=project)
    assert services.is_stale(stale)
    assert newer_job.pk != job.pk


@pytest.mark.django_db(transaction=True)
def test_the_snapshot_is_of_one_moment_and_cannot_write():
    project = make_project()
    labeler = make_member(project)
    make_judgment(make_item(project), labeler, [1, 2])
    with consistent_reads(), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("repeatable read",)
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("on",)
    snapshot = take_snapshot(project)
    assert snapshot.ranks[0, :2].tolist() == [1.0, 2.0]
    assert snapshot.state == (1, project.judgments.get().pk)


def test_equal_judgments_have_equal_hashes_and_others_not(project, labelers):
    item = make_item(project)
    make_judgment(item, labelers[0], [1, 2])
    before = take_snapshot(project).sha256
    assert take_snapshot(project).sha256 == before
    make_judgment(item, labelers[0], [2, 1], revision=2)
    assert take_snapshot(project).sha256 != before


def test_the_number_of_statements_does_not_grow_with_the_judgments(
    django_assert_max_num_queries,
):
    verdicts = [
        (number, f"w{labeler}", (1, 2) if (number * labeler) % 4 else (2, 1))
        for number in range(300)
        for labeler in range(3)
    ]
    project = make_judged_project(verdicts)
    with django_assert_max_num_queries(32):
        report = services.compute_report(project=project)
    assert report.result["extent"]["judgments"] == 900


def test_figures_are_computed_again_by_themselves_once_judgments_moved_on(project, labelers):
    item = make_item(project)
    make_judgment(item, labelers[0], [1, 2])
    assert services.refresh_figures() == 1
    assert services.refresh_figures() == 0, "one waits already"
    jobs.run(services.last_job(project).pk)

    make_judgment(item, labelers[1], [1, 2])
    assert services.refresh_figures() == 0, "just computed"
    a_while_ago = timezone.now() - services.REFRESH_AFTER
    Job.objects.update(created_at=a_while_ago, started_at=a_while_ago, finished_at=a_while_ago)
    assert services.refresh_figures() == 1

    jobs.run(services.last_job(project).pk)
    Job.objects.update(created_at=a_while_ago, started_at=a_while_ago, finished_at=a_while_ago)
    assert services.refresh_figures() == 0, "nothing moved"
    assert Job.objects.filter(state=Job.State.DONE).count() == 2


def test_a_snapshot_knows_who_wrote_what_how_long_it_is_and_where_it_stood(project, labelers):
    texts = ("# Head\n\n- one\n- two\n\n**bold** word", "Short.")
    easy = make_item(project, texts, metadata={"language": "de", "level": 1, "id": "x1"})
    hard = make_item(project, ("Aa.", "B."), metadata={"language": "en", "level": 2, "id": "x2"})
    reserved = make_item(project, ("Gold.", "Dross."))
    one, other = (Generator.objects.create(project=project, name=name) for name in ("m", "n"))
    for place, generator in zip(easy.item_responses.all(), (other, one), strict=True):
        Response.objects.filter(pk=place.response_id).update(generator=generator)
    make_judgment(easy, labelers[0], [1, 2], order=[2, 1], seconds=4.5, strength=[3])
    make_judgment(hard, labelers[0], [1, 2])
    make_judgment(reserved, labelers[0], [1, 2], purpose=Purpose.GOLD)

    snapshot = take_snapshot(project)

    facts = snapshot.facts
    assert snapshot.item_ids.tolist() == [easy.pk, hard.pk], "gold is no work"
    assert snapshot.labeler_ids.tolist() == [labelers[0].pk]
    assert facts.generators[:2] == ["m", "n"]
    assert facts.generator[:1, :3].tolist() == [[1, 0, -1]]
    assert facts.style["characters"][0, :2].tolist() == [len(texts[0]), 6]
    marks = {name: float(marks[0, 0]) for name, marks in facts.style.items()}
    assert marks == {"characters": len(texts[0]), "headers": 1, "lists": 2, "bold": 1}
    assert np.isnan(facts.style["bold"][0, 2])
    assert snapshot.shown[:, :3].tolist() == [[1, 0, -1], [-1, -1, -1]]
    assert snapshot.strength[0, :2].tolist() == [3, -1]
    assert snapshot.seconds[0] == 4.5
    assert snapshot.day[0] == timezone.localdate().toordinal()
    assert {key: facet.values for key, facet in facts.facets.items()} == {
        "id": ["x1", "x2"],
        "language": ["de", "en"],
        "level": ["1", "2"],
    }
    assert facts.facets["language"].value.tolist() == [0, 1]
