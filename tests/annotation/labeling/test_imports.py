"""Files in by command: all of a file, or nothing of it and every reason."""

import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from annotation.core.errors import DomainError, NotFound
from annotation.labeling.imports import services
from annotation.labeling.imports.examples import EXAMPLES
from annotation.labeling.imports.wording import summary
from annotation.labeling.models import Item, ItemResponse, Judgment
from annotation.projects.models import Membership, Project
from annotation.prompts.attachments.services import attach
from annotation.prompts.models import Generator, Import, Prompt, Response
from tests.data import shared
from tests.factories import make_member, make_project
from tests.media import picture

pytestmark = pytest.mark.django_db

ITEM = {
    "id": "x1",
    "prompt": "Name a prime.",
    "responses": [
        {"id": "a", "text": "11", "generator": "llama-7b", "params": {"temperature": 0.7}},
        {"id": "b", "text": "12", "generator": "llama-13b"},
        {"id": "c", "text": "13"},
    ],
    "metadata": {"language": "en"},
}
JUDGMENT = {"item": "x1", "labeler": "w1", "ranking": [["a"], ["b", "c"]]}


@pytest.fixture
def project():
    return make_project("shop")


def lines(*rows):
    return b"".join(
        row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows
    )


def bring(project, kind, *rows, **options):
    return services.import_file(
        project=project, kind=kind, stream=io.BytesIO(lines(*rows)), **options
    )


def items(project, *rows, **options):
    return bring(project, "items", *rows, **options)


def judgments(project, *rows, create=True):
    return bring(project, "judgments", *rows, create=create)


def told(imported):
    return [(e.line, e.field, e.reason) for e in imported.errors.all()]


def nothing_in(project):
    return not (
        project.items.exists()
        or project.prompts.exists()
        or project.generators.exists()
        or project.judgments.exists()
        or Response.objects.filter(prompt__project=project).exists()
    )


def changed(base, **fields):
    return {**base, **fields}


def test_an_item_comes_in_whole(project):
    imported = items(project, ITEM)

    assert imported.state == "done"
    assert imported.counts == {
        "prompts": 1,
        "generators": 2,
        "items": 1,
        "responses": 3,
        "unchanged": 0,
    }
    item = project.items.get()
    assert item.external_id == "x1"
    assert item.prompt.messages == [{"role": "user", "content": "Name a prime."}]
    assert item.metadata == {"language": "en"}
    assert (item.response_count, item.overlap, item.taken) == (3, project.overlap, 0)
    placed = [(p.position, p.key, p.response.text) for p in item.item_responses.all()]
    assert placed == [(1, "a", "11"), (2, "b", "12"), (3, "c", "13")]
    first = item.responses.get(text="11")
    assert (first.generator.name, first.params) == ("llama-7b", {"temperature": 0.7})


def test_every_text_comes_back_byte_for_byte(project):
    texts = json.loads(shared("security/blns/blns.json").read_text())
    texts += ["\\N", "\\.", "a\tb\r\nc\\n", "\u2028\u2029\u0085", "\x01\x7f", "{}", "e\u0301", ""]
    rows = [
        {
            "id": f"{n}",
            "prompt": text,
            "responses": [{"id": "a", "text": text}, {"id": "b", "text": ""}],
            "metadata": {"text": text},
        }
        for n, text in enumerate(texts)
    ]
    assert items(project, *rows).state == "done"

    for item in project.items.select_related("prompt"):
        text = texts[int(item.external_id)]
        assert item.prompt.messages[0]["content"] == text
        assert item.metadata == {"text": text}
        assert item.responses.get(item_responses__key="a").text == text


def test_the_same_file_twice_is_a_no_op_that_says_so(project):
    items(project, ITEM, changed(ITEM, id="x2"))
    before = (Item.objects.count(), Response.objects.count(), Generator.objects.count())

    again = items(project, ITEM, changed(ITEM, id="x2"))

    assert again.state == "unchanged"
    assert summary(again) == "Nothing new: all 2 items are here already."
    assert (Item.objects.count(), Response.objects.count(), Generator.objects.count()) == before


def test_a_longer_file_adds_only_what_is_new(project):
    items(project, ITEM)
    more = items(project, ITEM, changed(ITEM, id="x2"))

    assert (more.counts["items"], more.counts["unchanged"]) == (1, 1)
    assert project.items.count() == 2
    assert project.prompts.count() == 1


def test_the_same_id_with_another_content_is_refused_by_line(project):
    items(project, ITEM)
    refused = items(project, changed(ITEM, id="x0"), changed(ITEM, prompt="Another?"))

    assert told(refused) == [(2, "id", "there is an item “x1” already, with another content")]
    assert project.items.count() == 1


def test_equal_texts_are_kept_and_marked(project):
    responses = [{"id": key, "text": text} for key, text in zip("abcd", "xyxx", strict=True)]
    items(project, changed(ITEM, responses=responses))

    marks = ItemResponse.objects.order_by("position").values_list("equal_to", flat=True)
    assert list(marks) == [None, None, 1, 1]


def test_messages_are_taken_as_they_are(project):
    messages = [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Name a prime."},
    ]
    items(project, changed(ITEM, prompt=messages))

    assert Prompt.objects.get().messages == messages


BAD_ITEMS = [
    (changed(ITEM, id=7), "id", "must be text, is a number"),
    (changed(ITEM, id=""), "id", "is empty"),
    (changed(ITEM, id="x" * 201), "id", "has 201 characters"),
    ({k: v for k, v in ITEM.items() if k != "id"}, "id", "is missing"),
    (changed(ITEM, prompt=None), "prompt", "must be text, is null"),
    (changed(ITEM, prompt=True), "prompt", "must be text, is a boolean"),
    (changed(ITEM, prompt=[]), "prompt", "has no message"),
    (changed(ITEM, prompt=[{"role": "judge", "content": ""}]), "prompt[0].role", "one of"),
    (changed(ITEM, prompt=[{"role": "user"}]), "prompt[0].content", "is missing"),
    (
        changed(ITEM, prompt=[{"role": "assistant", "content": "x"}]),
        "prompt[0].role",
        "must be the user's",
    ),
    (changed(ITEM, responses="x"), "responses", "must be a list, is text"),
    (changed(ITEM, responses=ITEM["responses"][:1]), "responses", "has 1, an item needs 2 to 9"),
    (changed(ITEM, responses=[{}] * 10), "responses", "has 10, an item needs 2 to 9"),
    (
        changed(ITEM, responses=[{"id": "a", "text": "x"}, {"id": "b", "text": True}]),
        "responses[1].text",
        "must be text, is a boolean",
    ),
    (
        changed(ITEM, responses=[{"id": "a", "text": "x"}, {"id": "a", "text": "y"}]),
        "responses[1].id",
        "“a” is the id of responses[0] already",
    ),
    (
        changed(ITEM, responses=[{"id": "a", "text": "x"}, {"id": "b", "text": "y", "model": 1}]),
        "responses[1].model",
        "is no field",
    ),
    (changed(ITEM, metadata=[]), "metadata", "must be an object, is a list"),
    (changed(ITEM, colour="red"), "colour", "is no field"),
    ([ITEM], "", "must be an object, is a list"),
    ({"prompt": "x", "chosen": "a"}, "rejected", "is missing"),
    ({"chosen": "abc", "rejected": "xyz"}, "prompt", "no beginning in common"),
    ({"prompt": "x", "chosen": ["a"], "rejected": "b"}, "chosen[0]", "must be a message"),
    (b'{"id": "x1", \n', "", "not valid JSON"),
    (b'{"id": "x\\u0000"}\n', "id", "NUL character at position 2"),
    (b'{"id": "\\ud800"}\n', "id", "half a surrogate pair"),
    (b'{"id": "x", "n": 1e999}\n', "", "1e999 is too large"),
    (b"[" * 100_000 + b"\n", "", "nested deeper than 64 levels"),
    (b'{"id": "\xff"}\n', "", "not UTF-8"),
    (b'{"id": "a", "id": "b"}\n', "", "appears twice"),
    (b'{"id": "x1", "prom', "", "the file ends in the middle of this line"),
    (b'"' + b"x" * 2**20 + b'"\n', "", "longer than 1,048,576 bytes"),
]


@pytest.mark.parametrize(("bad", "field", "reason"), BAD_ITEMS)
def test_a_bad_line_is_named_and_nothing_comes_in(project, bad, field, reason):
    good = changed(ITEM, id="good")
    imported = items(project, good, bad)

    assert imported.state == "refused"
    assert (imported.errors.first().line, imported.errors.first().field) == (2, field)
    assert reason in imported.errors.first().reason
    assert nothing_in(project)
    assert items(project, good).state == "done"  # there was something to refuse


@pytest.mark.parametrize(
    ("settings", "fewest"),
    [
        ({}, 2),
        ({"ordering": "partial", "demonstration": "always"}, 2),
        ({"ordering": "none"}, 1),
        ({"ordering": "none", "demonstration": "fallback"}, 1),
        ({"ordering": "none", "demonstration": "always"}, 0),
    ],
)
def test_an_item_has_as_many_responses_as_its_project_works_with(settings, fewest):
    project = make_project("asks", **settings)
    for count in range(3):
        row = changed(ITEM, id=f"x{count}", responses=ITEM["responses"][:count])
        imported = items(project, row)
        assert imported.state == ("done" if count >= fewest else "refused"), count
        if count < fewest:
            assert told(imported)[0][1:] == (
                "responses",
                f"has {count}, an item needs {fewest} to 9",
            )
    bare = {"id": "bare", "prompt": "Name a prime."}
    assert items(project, bare).state == ("refused" if fewest else "done")


def test_an_empty_file_is_refused(project):
    assert told(items(project)) == [(1, "", "the file is empty")]
    assert told(items(project, b"\n \n")) == [(1, "", "the file is empty")]


def test_an_id_twice_in_a_file_is_refused_by_line(project):
    refused = items(project, ITEM, changed(ITEM, id="x2"), ITEM)

    assert told(refused) == [(3, "id", "“x1” is the id of line 1 already")]
    assert nothing_in(project)


def test_every_wrong_field_of_a_line_is_told(project):
    refused = items(project, {"id": 1, "prompt": 2, "responses": [], "metadata": 3})

    assert {field for _, field, _ in told(refused)} == {"id", "prompt", "responses", "metadata"}


def test_the_first_thousand_errors_are_listed_and_all_are_counted(project):
    refused = items(project, *[b"{}\n"] * 1_500)

    assert refused.error_count == 1_500 * 3
    assert refused.errors.count() == 1_000
    assert refused.errors.first().line == 1


def test_booleans_become_text_when_asked(project):
    responses = [{"id": "a", "text": True}, {"id": "b", "text": 3.5}]
    row = changed(ITEM, responses=responses)
    assert items(project, row).error_count == 2

    assert items(project, row, coerce_text=True).state == "done"
    assert set(Response.objects.values_list("text", flat=True)) == {"true", "3.5"}


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Hi", "chosen": "good", "rejected": "bad"},
        {
            "prompt": [{"role": "user", "content": "Hi"}],
            "chosen": [{"role": "assistant", "content": "good"}],
            "rejected": [{"role": "assistant", "content": "bad"}],
        },
        {
            "chosen": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "good"},
            ],
            "rejected": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "bad"},
            ],
        },
        {
            "chosen": "\n\nHuman: Hi\n\nAssistant: good",
            "rejected": "\n\nHuman: Hi\n\nAssistant: bad",
        },
        {"chosen": "Hi good", "rejected": "Hi bad"},
    ],
)
def test_a_preference_row_becomes_an_item_and_a_judgment(project, row):
    imported = items(project, row, row)

    assert imported.state == "done"
    assert imported.counts["repeated"] == 1
    item = project.items.get()
    assert item.prompt.messages == [{"role": "user", "content": "Hi"}]
    texts = [p.response.text.strip() for p in item.item_responses.all()]
    assert sorted(texts) == ["bad", "good"]
    judgment = project.judgments.get()
    assert judgment.labeler.memberships.get().handle == "imported"
    assert judgment.ranks[texts.index("good")] == 1
    assert judgment.ranks[texts.index("bad")] == 2
    assert items(project, row).state == "unchanged"


def test_neither_key_nor_place_gives_the_preference_away(project):
    rows = [{"prompt": f"{n}", "chosen": f"c{n}", "rejected": f"r{n}"} for n in range(40)]
    items(project, *rows)

    places = {tuple(ranks) for ranks in project.judgments.values_list("ranks", flat=True)}
    assert places == {(1, 2), (2, 1)}
    assert set(ItemResponse.objects.values_list("key", flat=True)) == {"a", "b"}


def test_the_preference_can_be_left_out_and_added_later(project):
    row = {"prompt": "Hi", "chosen": "good", "rejected": "bad"}
    items(project, row, keep_preferences=False)
    assert not Judgment.objects.exists()
    assert not Membership.objects.exists()

    assert items(project, row).counts["judgments"] == 1


def test_the_hh_test_set_comes_in_whole(project):
    with gzip.open(shared("hh_rlhf/harmless-base-test.jsonl.gz")) as stream:
        imported = services.import_file(project=project, kind="items", stream=stream)

    assert imported.state == "done", told(imported)[:5]
    assert imported.counts["items"] == imported.counts["judgments"] == 2_312


@pytest.fixture
def judged(project):
    items(project, ITEM)
    return project


def test_a_judgment_comes_in_whole(judged):
    row = JUDGMENT | {
        "unacceptable": ["c"],
        "strength": [2],
        "ratings": {"helpfulness": {"a": 4}},
        "rationale": "12 is even.",
        "seconds": 41.2,
        "order": ["b", "a", "c"],
    }
    assert judgments(judged, row).counts == {"judgments": 1, "labelers": 1, "unchanged": 0}

    judgment = judged.judgments.get()
    assert judgment.ranks == [1, 2, 2]
    assert judgment.unacceptable == [False, False, True]
    assert judgment.strength == [2]
    assert judgment.ratings == {"helpfulness": [4, None, None]}
    assert (judgment.rationale, judgment.seconds) == ("12 is even.", 41.2)
    assert judgment.order == [2, 1, 3]
    assert judgment.origin == "import"
    assert not judgment.labeler.is_active


def test_a_response_left_out_is_unranked_not_last(judged):
    judgments(judged, JUDGMENT | {"ranking": [["b"], ["a"]]})

    assert judged.judgments.get().ranks == [2, 1, None]


BAD_JUDGMENTS = [
    ({"item": "x9"}, "item", "there is no item “x9”"),
    ({"item": 1}, "item", "must be text, is a number"),
    ({"labeler": ""}, "labeler", "must have 1 to 80"),
    ({"ranking": "a"}, "ranking", "must be a list of tiers, is text"),
    ({"ranking": ["a"]}, "ranking[0]", "must be a list of responses, is text"),
    ({"ranking": []}, "ranking", "names no response"),
    ({"ranking": [["a"], []]}, "ranking[1]", "is an empty tier"),
    ({"ranking": [["a"], ["a"]]}, "ranking[1][0]", "names response “a” a second time"),
    ({"ranking": [["a", "z"]]}, "ranking[0][1]", "the item has no response “z”"),
    ({"unacceptable": ["z"]}, "unacceptable[0]", "the item has no response “z”"),
    ({"unacceptable": ["a", "a"]}, "unacceptable[1]", "a second time"),
    ({"strength": [1, 1]}, "strength", "2 values for 1 steps"),
    ({"strength": [9]}, "strength", "1 (slightly)"),
    ({"strength": [True]}, "strength[0]", "must be 1, 2, 3 or null"),
    ({"ratings": {"beauty": {"a": 1}}}, "ratings.beauty", "no criterion “beauty”"),
    ({"ratings": {"clarity": {"a": 6}}}, "ratings.clarity", "goes from 1 to 5"),
    ({"ratings": {"clarity": {"z": 1}}}, "ratings.clarity.z", "no response “z”"),
    ({"rationale": 5}, "rationale", "must be text, is a number"),
    ({"seconds": -1}, "seconds", "must be from 0"),
    ({"seconds": "41"}, "seconds", "must be a number"),
    ({"order": ["a", "b"]}, "order", "must name every response"),
    ({"order": ["a", "b", "b"]}, "order", "must name every response"),
    ({"colour": 1}, "colour", "is no field"),
]


@pytest.mark.parametrize(("fields", "field", "reason"), BAD_JUDGMENTS)
def test_a_bad_judgment_is_named_and_nothing_comes_in(judged, fields, field, reason):
    good = changed(JUDGMENT, labeler="w0")
    refused = judgments(judged, good, JUDGMENT | fields)

    assert refused.state == "refused"
    assert [(line, name) for line, name, _ in told(refused)] == [(2, field)]
    assert reason in told(refused)[0][2]
    assert not judged.judgments.exists()
    assert not judged.memberships.exists()
    assert judgments(judged, good).state == "done"


def test_unknown_labelers_are_an_error_that_names_the_option(judged):
    refused = judgments(judged, JUDGMENT, create=False)

    assert "nobody in this project is called “w1”" in told(refused)[0][2]
    assert "--create" in told(refused)[0][2]
    make_member(judged, handle="w1")
    assert judgments(judged, JUDGMENT, create=False).state == "done"


def test_judgments_twice_are_a_no_op_and_changed_ones_an_error(judged):
    judgments(judged, JUDGMENT)

    assert judgments(judged, JUDGMENT).state == "unchanged"
    refused = judgments(judged, JUDGMENT | {"ranking": [["c"], ["a"]]})
    assert told(refused) == [(1, "labeler", "“w1” has judged item “x1” already, differently")]
    assert judged.judgments.count() == 1


def test_a_labeler_twice_on_an_item_is_refused_by_line(judged):
    refused = judgments(judged, JUDGMENT, changed(JUDGMENT, labeler="w2"), JUDGMENT)

    assert told(refused) == [(3, "labeler", "“w1” judges item “x1” on line 1 already")]
    assert not judged.memberships.exists()


def test_the_examples_of_the_page_are_what_the_import_takes(project, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    attach(project=project, stream=io.BytesIO(picture()), actor=None, name="cat.png")
    for name, kind, line in EXAMPLES:
        imported = bring(
            project, kind, line.encode(), **({"create": True} if kind == "judgments" else {})
        )
        assert imported.state in ("done", "unchanged"), (name, told(imported))


def test_pandalm_is_refused_by_name_and_comes_in_with_the_option(tmp_path, capsys):
    call_command("convert_pandalm", shared("pandalm/testset-v1.json"), tmp_path)
    file = str(tmp_path / "items.jsonl")

    with pytest.raises(CommandError, match="Nothing was imported: 6 errors in 999 lines"):
        call_command("import_items", "pandalm", file, create=True)
    reported = capsys.readouterr().err
    assert reported.count("must be text, is a boolean") == 6
    assert "responses[" in reported
    assert not Project.objects.exists(), "a file that is refused leaves no project behind"

    call_command("import_items", "pandalm", file, create=True, booleans_as_text=True)
    call_command("import_judgments", "pandalm", str(tmp_path / "judgments.jsonl"), create=True)
    project = Project.objects.get(slug="pandalm")
    assert project.items.count() == 999
    assert project.judgments.count() == 2_997
    assert project.memberships.count() == 3


def test_the_command_says_what_is_missing(project, tmp_path):
    with pytest.raises(NotFound, match="no project “nowhere”; --create makes it"):
        call_command("import_items", "nowhere", _file(tmp_path, ITEM))
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_items", "shop", str(tmp_path / "absent"))


def test_a_refused_file_leaves_no_project_but_one_that_was_there_before(project, tmp_path):
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_items", "fresh", _file(tmp_path, changed(ITEM, id=7)), create=True)
    assert list(Project.objects.all()) == [project]
    assert not Import.objects.exists()

    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_items", "shop", _file(tmp_path, changed(ITEM, id=7)), create=True)
    assert project.imports.get().state == "refused"


def test_refused_judgments_leave_no_labelers(judged, tmp_path):
    nobody = JUDGMENT | {"labeler": "nobody-yet"}
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command(
            "import_judgments", "shop", _file(tmp_path, nobody, {"item": "none"}), create=True
        )
    assert not judged.memberships.filter(user__username="nobody-yet").exists()


def _file(folder: Path, *rows):
    path = folder / "rows.jsonl"
    path.write_bytes(lines(*rows))
    return str(path)


def test_a_file_name_that_is_no_text_is_imported(project, tmp_path):
    name = os.fsencode(tmp_path) + b"/sh\xf8p.jsonl"
    with open(name, "wb") as file:
        file.write(json.dumps(ITEM).encode())
    call_command("import_items", "shop", os.fsdecode(name))
    assert Import.objects.get().file_name == "sh?p.jsonl"


def test_an_overlap_of_nothing_is_no_overlap_left_out(tmp_path):
    with pytest.raises(DomainError, match="1 to 50 judgments"):
        call_command("import_items", "fresh", _file(tmp_path, ITEM), create=True, overlap=0)


def test_the_command_reads_standard_input(project, monkeypatch, capsys):
    class Terminal:
        buffer = io.BytesIO(lines(ITEM))

    monkeypatch.setattr("sys.stdin", Terminal)
    call_command("import_items", "shop", "-")

    assert capsys.readouterr().out.startswith("Imported 1 item, 1 prompt, 3 responses")


def test_memory_does_not_grow_with_the_file(project):
    """A 60 MB file of bad lines: only what is listed is held."""
    row = b'{"id": "x", "prompt": "' + b"y" * 60_000 + b'"}\n'
    with tempfile.TemporaryFile() as file:
        for _ in range(1_000):
            file.write(row)
        file.seek(0)
        tracemalloc.start()
        imported = services.import_file(project=project, kind="items", stream=file)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert imported.error_count == 1_000
    assert peak < 10_000_000


def test_an_import_that_dies_leaves_no_row(project):
    class Broken(io.BytesIO):
        def readline(self, size=-1):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk is gone"):
        services.import_file(project=project, kind="items", stream=Broken())
    assert not Import.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_file_by_four_at_once_comes_in_once(project):
    rows = [changed(ITEM, id=f"x{n}", prompt=f"Question {n % 7}?") for n in range(50)]
    states = []

    def bring_it():
        try:
            states.append(items(project, *rows).state)
        finally:
            connection.close()

    threads = [threading.Thread(target=bring_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(states) == ["done", "unchanged", "unchanged", "unchanged"]
    assert project.items.count() == 50
    assert ItemResponse.objects.count() == Response.objects.count() == 150
    assert project.prompts.count() == 7


@pytest.mark.django_db(transaction=True)
def test_a_command_ends_with_status_0_only_when_all_was_done(project, tmp_path):
    """In a process of its own, against the tests' database, as an operator starts it."""
    database = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(database._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = os.environ | {"DATABASE_URL": url}

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=Path(__file__).parents[3],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    refused = run("import_items", "shop", _file(tmp_path, ITEM, b"{}\n"))
    assert refused.returncode == 1
    assert "line 2: responses: is missing" in refused.stderr
    assert "Traceback" not in refused.stderr
    done = run("import_items", "shop", _file(tmp_path, ITEM))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Imported 1 item")
    assert project.items.count() == 1


def rows_known(table) -> float:
    """As many as the planner believes there to be."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table])
        return cursor.fetchone()[0]


def test_after_many_new_lines_the_planner_knows_the_tables_it_reads(project, monkeypatch):
    monkeypatch.setattr(services, "ANALYSED_FROM", 4)
    bring(project, "items", *[ITEM | {"id": f"many-{n}"} for n in range(4)])
    assert (rows_known("labeling_item"), rows_known("labeling_itemresponse")) == (4, 12)

    bring(project, "items", ITEM | {"id": "one"})  # too few to look again
    assert rows_known("labeling_item") == 4
