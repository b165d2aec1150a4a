"""A policy on tasks of the lm-evaluation-harness: from local folders alone, a line a metric."""

import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the train extra is not installed")
pytest.importorskip("lm_eval", reason="lm-eval is not installed")

from tests.training import toy  # noqa: E402
from training import harness  # noqa: E402
from training.errors import ConfigError  # noqa: E402

# One process's work: they share a model.
pytestmark = [pytest.mark.train, pytest.mark.xdist_group("harness")]

SHIPPED = Path(toy.ROOT) / "annotation" / "runs" / "harness" / "tasks"
CHOICE = """
task: {task}
dataset_path: json
dataset_kwargs:
  data_files: {data}
test_split: train
fewshot_split: train
output_type: multiple_choice
doc_to_text: "{{{{prompt}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: answer
metadata:
  version: {version}
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A policy of random weights, as a training would have left it."""
    from training import tiny

    folder = tmp_path_factory.mktemp("harness") / "model"
    texts = [toy.make_prompt(n) for n in range(40)] + [*toy.COURTEOUS, *toy.CURT]
    tokenizer = tiny.train_tokenizer(texts, 400)
    size = {"hidden_size": 32, "heads": 2, "layers": 1, "vocab_size": 400}
    tiny.make_model(tokenizer, size, 1).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def rows(count=6):
    return [
        {
            "prompt": toy.make_prompt(n),
            "choices": [toy.COURTEOUS[n % 3], toy.CURT[n % 2], f"Order {n}, kettle."],
            "answer": n % 3,
        }
        for n in range(count)
    ]


def tasks_in(folder, task="manners", version="2", data="manners.jsonl", examples=None):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{task}.yaml").write_text(CHOICE.format(task=task, version=version, data=data))
    text = "".join(json.dumps(row) + "\n" for row in examples or rows())
    (folder / "manners.jsonl").write_text(text)
    return folder


def ask(place, model, folder, tasks="manners", **options):
    options = {"tasks": tasks, "folders": str(folder), **options}
    run = toy.make_run(place, "lm_eval", None, model, **options)
    status, lines, record = toy.train(run)
    path = run / "1" / "figures.jsonl"
    figures = [json.loads(x) for x in path.read_text().splitlines()] if path.exists() else []
    return status, lines, record, figures


def likeliest(model, row):
    """Which choice the model gives the highest probability, computed by hand."""
    import torch

    from training import policy

    tokenizer, loaded = policy.load_tokenizer(model), policy.load_policy(model).eval()
    asked = [{"role": "user", "content": row["prompt"]}]
    before = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    start = len(tokenizer(before, add_special_tokens=False).input_ids)
    sums = []
    for choice in row["choices"]:
        ids = torch.tensor([tokenizer(before + choice, add_special_tokens=False).input_ids])
        with torch.no_grad():
            logps = loaded(input_ids=ids).logits[0, :-1].log_softmax(-1)
        sums.append(float(logps.gather(1, ids[0, 1:, None])[start - 1 :].sum()))
    return max(range(len(sums)), key=sums.__getitem__)


def test_the_accuracy_is_what_the_models_own_probabilities_say(tmp_path, model):
    """Six choices by the harness, and by hand."""
    status, lines, record, figures = ask(tmp_path / "run", model, tasks_in(tmp_path / "tasks"))

    assert status == 0, toy.log(tmp_path / "run")
    found = next(line for line in figures if line["metric"] == "acc")
    hits = [likeliest(model, row) == row["answer"] for row in rows()]
    assert 0 < sum(hits) < 6, "or the test would show little"
    assert found["value"] == pytest.approx(sum(hits) / 6)
    # The standard error of a mean, with n - 1: sqrt(p (1 - p) / (n - 1)).
    share = sum(hits) / 6
    assert found["stderr"] == pytest.approx((share * (1 - share) / 5) ** 0.5)
    assert (found["n"], found["version"], found["few_shot"]) == (6, "2", 0)
    assert found["higher_is_better"] is True
    assert found["is_part"] is False
    assert found["harness"] == record["settings"]["harness"]
    assert record["files"].keys() == {"figures.jsonl"}
    assert record["metrics"]["manners"]["acc"]["value"] == found["value"]
    stages = [line["stage"] for line in lines if line["type"] == "progress"]
    assert stages[0] == "check data"
    last = [line for line in lines if line.get("stage") == "evaluate"][-1]
    assert last["step"] == last["total"] == 18


def test_the_tasks_that_come_along_work_without_a_network(tmp_path, model):
    status, _lines, _record, figures = ask(
        tmp_path / "run", model, SHIPPED, tasks="concord_courtesy,concord_letters", limit=4
    )
    assert status == 0, toy.log(tmp_path / "run")
    assert {(line["task"], line["metric"]) for line in figures} == {
        ("concord_courtesy", "acc"),
        ("concord_courtesy", "acc_norm"),
        ("concord_letters", "word_perplexity"),
        ("concord_letters", "bits_per_byte"),
    }
    assert {line["n"] for line in figures} == {4}
    assert [line["higher_is_better"] for line in figures] == [True, True, False, False]


def test_a_group_a_function_and_shots_of_a_folder_are_done(tmp_path, model):
    """The group's figure is no part, its tasks' figures are; `!function` of the folder is run."""
    folder = tasks_in(tmp_path / "tasks", "manners")
    tasks_in(folder, "more")
    with (folder / "more.yaml").open("a") as file:
        file.write("process_docs: !function own.first_two\n")
    (folder / "own.py").write_text("def first_two(docs):\n    return docs.select([0, 1])\n")
    (folder / "all.yaml").write_text(
        "group: everything\ntask: [manners, more]\nmetadata:\n  version: 7\n"
        "aggregate_metric_list:\n  - metric: acc\n    weight_by_size: true\n"
    )
    status, _lines, record, figures = ask(
        tmp_path / "run", model, folder, tasks="everything", few_shot=1, limit=4
    )

    assert status == 0, toy.log(tmp_path / "run")
    by_task = {line["task"]: line for line in figures if line["metric"] == "acc"}
    assert {name: line["n"] for name, line in by_task.items()} == {
        "everything": 6, "manners": 4, "more": 2,
    }  # fmt: skip
    assert {name for name, line in by_task.items() if not line["is_part"]} == {"everything"}
    assert by_task["everything"]["version"] == "7"
    assert by_task["manners"]["few_shot"] == 1
    assert list(record["metrics"]) == ["everything"]


def test_other_examples_are_told_apart_where_the_version_is_the_same(tmp_path, model):
    folder = tasks_in(tmp_path / "tasks")
    tasks_in(folder, "same")
    tasks_in(folder, "other", data="other.jsonl")
    (folder / "other.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows(7)[1:]))
    status, _lines, _record, figures = ask(
        tmp_path / "run", model, folder, tasks="manners,same,other"
    )
    assert status == 0, toy.log(tmp_path / "run")
    told = {line["task"]: (line["version"], line["examples"]) for line in figures}
    assert told["manners"] == told["same"] != told["other"]
    assert {version for version, _examples in told.values()} == {"2"}


def test_what_is_longer_than_the_model_reads_is_counted(tmp_path, model):
    examples = [{"prompt": "lamp " * 60, "choices": ["Yes.", "No."], "answer": 0}, *rows(2)]
    folder = tasks_in(tmp_path / "tasks", examples=examples)
    status, lines, record, _figures = ask(tmp_path / "run", model, folder, max_length=64)
    assert status == 0, toy.log(tmp_path / "run")
    assert record["counts"]["cut"] >= 2
    assert any("longer than the model reads" in line.get("message", "") for line in lines)


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        ("broken", 64, "no task 'none' in .*; there are: manners; not to be read: broken.yaml"),
        ("hub", 65, "takes its data from 'cais/mmlu', and nothing is downloaded"),
        ("no data", 65, "task 'manners': .*manners.jsonl"),
        ("bad function", 65, "task 'manners': "),
        ("no template", 64, "has no chat template: set option 'chat' to false"),
        ("pickle", 64, "only safetensors are read"),
    ],
)
def test_what_cannot_be_done_says_why_and_leaves_no_figure(tmp_path, model, spoil, code, said):
    folder, tasks, base = tasks_in(tmp_path / "tasks"), "manners", tmp_path / "model"
    shutil.copytree(model, base)
    if spoil == "broken":
        tasks = "manners,none"
        (folder / "broken.yaml").write_text("task: [none\n")
    if spoil == "hub":
        text = (folder / "manners.yaml").read_text()
        (folder / "manners.yaml").write_text(text.replace("path: json", "path: cais/mmlu"))
    if spoil == "no data":
        (folder / "manners.jsonl").unlink()
    if spoil == "bad function":
        with (folder / "manners.yaml").open("a") as file:
            file.write("process_docs: !function absent.nothing\n")
    if spoil == "no template":
        (base / "chat_template.jinja").unlink()
    if spoil == "pickle":
        (base / "model.safetensors").rename(base / "pytorch_model.bin")

    status, _lines, record, figures = ask(tmp_path / "run", base, folder, tasks=tasks)

    assert status == code, toy.log(tmp_path / "run")
    assert re.search(said, record["error"]), record["error"]
    assert figures == []


def test_a_model_without_a_template_is_asked_plainly_where_that_is_wanted(tmp_path, model):
    base = tmp_path / "model"
    shutil.copytree(model, base)
    (base / "chat_template.jinja").unlink()
    folder = tasks_in(tmp_path / "tasks")
    status, _lines, _record, figures = ask(tmp_path / "run", base, folder, chat=False)
    assert status == 0, toy.log(tmp_path / "run")
    assert figures


def test_a_cancel_ends_it_between_two_batches_and_leaves_no_figure(tmp_path, model):
    folder = tasks_in(tmp_path / "tasks", examples=rows(4000))
    options = {"tasks": "manners", "folders": str(folder), "batch_size": 1}
    run = toy.make_run(tmp_path / "run", "lm_eval", None, model, **options)
    process = toy.start(run)
    deadline = time.monotonic() + 300
    while not any(line.get("stage") == "evaluate" for line in toy.journal(run)):
        assert time.monotonic() < deadline, toy.log(run)
        assert process.poll() is None, toy.log(run)
        time.sleep(0.1)
    process.terminate()
    assert process.wait(timeout=60) == 143
    assert toy.record(run)["status"] == "cancelled"
    assert not (run / "1" / "figures.jsonl").exists()


def test_without_the_package_it_says_how_to_add_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "lm_eval", None)  # as Python sees what is not there
    with pytest.raises(ConfigError, match="lm-eval is not installed: `make train-extra` adds it"):
        harness.prepare()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_closed_folder_is_told_of(tmp_path):
    folder = tasks_in(tmp_path / "tasks")
    folder.chmod(0)
    try:
        with pytest.raises(ConfigError, match="may not be read"):
            harness.read_folders(str(folder))
    finally:
        folder.chmod(0o700)


def test_names_and_folders_are_lists(tmp_path):
    assert harness.read_names(" a, b,a ,") == ["a", "b"]
    with pytest.raises(ConfigError, match="at least one task"):
        harness.read_names(" , ")
    with pytest.raises(ConfigError, match="must name a folder"):
        harness.read_folders("")
    assert harness.read_folders(f"{tmp_path}:{SHIPPED}") == [tmp_path, SHIPPED]
    with pytest.raises(ConfigError, match="there is no folder of tasks at"):
        harness.read_folders(f"{tmp_path}:{tmp_path / 'elsewhere'}")
