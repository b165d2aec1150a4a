"""Exports for other tools, against the structure that those document."""

import json
from uuid import UUID
from xml.etree import ElementTree

import pytest

from annotation.datasets.formats.catalogue import FORMATS
from annotation.datasets.formats.frozen import SPLITS
from annotation.datasets.formats.writing import write

pytestmark = pytest.mark.django_db

# oasst_data/schemas.py of LAION-AI/Open-Assistant: ExportMessageTree, ExportMessageNode,
# ExportMessageEventRanking. A key that may be null is written with its type and None.
TEXT, WHOLE, FLAG = (str, type(None)), (int, type(None)), (bool, type(None))
NODE = {
    "message_id": str,
    "parent_id": TEXT,
    "user_id": TEXT,
    "text": str,
    "role": str,
    "lang": TEXT,
    "review_count": WHOLE,
    "review_result": FLAG,
    "deleted": FLAG,
    "rank": WHOLE,
    "synthetic": FLAG,
    "model_name": TEXT,
    "emojis": (dict, type(None)),
    "replies": (list, type(None)),
    "labels": (dict, type(None)),
    "events": (dict, type(None)),
    "tree_state": TEXT,
}
RANKING = {
    "type": str,
    "user_id": TEXT,
    "ranking": list,
    "ranked_message_ids": list,
    "ranking_parent_id": TEXT,
    "message_tree_id": TEXT,
    "not_rankable": FLAG,
}


def has_shape(value, shape):
    return set(value) == set(shape) and all(isinstance(value[k], shape[k]) for k in shape)


def nodes_below(node):
    yield node
    for reply in node["replies"]:
        yield from nodes_below(reply)


@pytest.fixture
def trees(frozen):
    rows = [row for split in SPLITS for row in FORMATS["oasst"].rows(frozen, split)]
    return {row["prompt"]["text"]: row for row in rows}


def test_trees_are_as_openassistant_writes_them(trees):
    assert len(trees) == 13
    ids = set()
    for tree in trees.values():
        assert set(tree) == {"message_tree_id", "tree_state", "prompt", "origin"}
        assert tree["prompt"]["message_id"] == tree["message_tree_id"]
        assert tree["prompt"]["role"] == "prompter"
        for node in nodes_below(tree["prompt"]):
            assert has_shape(node, NODE)
            assert all(reply["parent_id"] == node["message_id"] for reply in node["replies"])
            assert node["message_id"] not in ids
            ids.add(node["message_id"])


def test_replies_come_best_first_and_ties_share_a_rank(trees):
    def replies(number):
        found = trees[f"Question {number}?"]["prompt"]["replies"]
        return [(reply["text"], reply["rank"]) for reply in found]

    assert replies(5) == [("Good 5.", 0), ("Bad 5.", 1), ("Odd 5.", 2)]
    assert replies(2) == [("Bad 2.", 0), ("Good 2.", 0)] or replies(2) == [
        ("Good 2.", 0),
        ("Bad 2.", 0),
    ]
    assert ("Better 4.", None) in replies(4)


def test_rankings_without_ties_are_events(trees):
    prompt = trees["Question 0?"]["prompt"]
    events = prompt["events"]["ranking"]
    assert len(events) == 3
    texts = {reply["message_id"]: reply["text"] for reply in prompt["replies"]}
    for event in events:
        assert has_shape(event, RANKING)
        best_first = [texts[event["ranked_message_ids"][place]] for place in event["ranking"]]
        assert best_first == ["Good 0.", "Bad 0."]
    assert trees["Question 2?"]["prompt"]["events"] is None


@pytest.fixture
def argilla(frozen, tmp_path):
    folder = tmp_path / "argilla"
    folder.mkdir()
    written = write(frozen, FORMATS["argilla"], folder, title="A set", guidelines="Be kind.")
    return {name: json.loads((folder / name).read_text()) for name in written.names}


def test_argilla_gets_what_its_dataset_writes_to_disk(argilla):
    """Dataset._load_dataset_model, Settings._from_dict and Record.from_dict of the SDK."""
    assert set(argilla) == {"records.json", ".argilla/settings.json", ".argilla/dataset.json"}
    assert argilla[".argilla/dataset.json"]["name"] == "A set"
    settings = argilla[".argilla/settings.json"]
    assert settings["guidelines"] == "Be kind."
    fields = {field["name"]: field for field in settings["fields"]}
    assert list(fields) == ["prompt", "response-1", "response-2", "response-3"]
    assert any(field["required"] for field in fields.values())
    questions = {one["name"]: one["settings"] for one in settings["questions"]}
    assert any(one["required"] for one in settings["questions"])
    assert not set(fields) & set(questions)  # names are unique over both
    for record in argilla["records.json"]:
        assert set(record) == {
            "id", "fields", "metadata", "suggestions", "responses", "vectors",
        }  # fmt: skip
        assert set(record["fields"]) <= set(fields)
        for name, answers in record["responses"].items():
            for answer in answers:
                assert set(answer) == {"value", "user_id"}
                assert str(UUID(answer["user_id"])) == answer["user_id"]
                assert is_answer(answer["value"], questions[name])


def is_answer(value, settings):
    if settings["type"] == "text":
        return isinstance(value, str)
    return value in [option["value"] for option in settings["options"]]


def test_argilla_is_told_ties_and_the_floor(argilla):
    records = {record["metadata"]["item"]: record for record in argilla["records.json"]}
    assert len(records) == 12

    def said(item, question):
        return [one["value"] for one in records[item]["responses"].get(question, [])]

    assert said("x2", "best") == ["tie"] * 3
    assert said("x0", "best") == ["response-1"] * 3
    assert said("x5", "tier-1") == [1, 1, 1]
    assert said("x5", "tier-3") == [2]  # two of three found it unacceptable
    assert said("x5", "rationale") == ["Why, é!"] * 3


def tasks(frozen, key):
    return list(FORMATS[key].rows(frozen))


def names_in(config):
    return {
        one.get("name"): one for one in ElementTree.fromstring(config).iter() if one.get("name")
    }


@pytest.mark.parametrize("key", ["label-studio", "label-studio-pairs"])
def test_label_studio_finds_every_name_in_its_configuration(frozen, tmp_path, key):
    """Its import: a list of {"data", "annotations": [{"result": […]}]}, in which each result
    names a control and an object of the configuration."""
    written = write(frozen, FORMATS[key], tmp_path)
    assert set(written.names) == {"tasks.json", "config.xml"}
    names = names_in((tmp_path / "config.xml").read_text())
    found = json.loads((tmp_path / "tasks.json").read_text())
    assert len(found) >= 12
    kinds = {"ranker": "Ranker", "pairwise": "Pairwise", "textarea": "TextArea"}
    for task in found:
        assert set(task) == {"data", "annotations"}
        for element in names.values():
            if (value := element.get("value", "")).startswith("$"):
                assert value[1:] in task["data"]
        for annotation in task["annotations"]:
            for result in annotation["result"]:
                control = names[result["from_name"]]
                assert control.tag == kinds[result["type"]]
                assert result["to_name"] in control.get("toName").split(",")
                assert set(result["value"]) <= {"ranker", "selected", "text"}


def test_label_studio_ranks_by_buckets(frozen):
    found = {task["data"]["item"]: task for task in tasks(frozen, "label-studio")}
    item = found["x5"]
    assert [one["id"] for one in item["data"]["responses"]] == ["a", "b", "c"]
    assert item["data"]["labelers"] == ["ada", "ben", "eva"]
    ranked = [one["result"][0]["value"]["ranker"] for one in item["annotations"]]
    assert ranked[0] == {"tier-1": ["a"], "tier-2": ["b", "c"]}
    assert ranked[1] == {"tier-1": ["a"], "tier-2": ["b"], "unacceptable": ["c"]}


def test_label_studio_pairs_have_a_side_and_no_tie(frozen):
    found = {
        (task["data"]["item"], task["data"]["text1_id"], task["data"]["text2_id"]): task
        for task in tasks(frozen, "label-studio-pairs")
    }
    assert len([name for name in found if name[0] == "x5"]) == 3
    sides = [one["result"][0]["value"]["selected"] for one in found["x5", "b", "c"]["annotations"]]
    assert sides == ["left", "left"]
    assert found["x5", "b", "c"]["data"]["labelers"] == ["ben", "eva"]
    assert found["x2", "a", "b"]["annotations"] == []
