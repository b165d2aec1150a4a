"""A model behind HTTP: answers in OpenAI's shape, and a sentence for whatever is not answered."""

import http.client
import json
import shutil
import socket
import threading
from contextlib import contextmanager

import pytest

from tests.training.served import make_policy, make_reward, seal
from training.errors import ConfigError
from training.serving.asked import Refused

pytestmark = pytest.mark.train
ASK = [{"role": "user", "content": "My lamp is late, order 5."}]
SHORT = {"messages": ASK, "max_tokens": 12}


@pytest.fixture(scope="module", autouse=True)
def _libraries():
    pytest.importorskip("torch")


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    return make_policy(tmp_path_factory.mktemp("served") / "small-1")


@pytest.fixture(scope="module")
def reward(tmp_path_factory):
    return make_reward(tmp_path_factory.mktemp("served") / "judge-1", members=3)


@contextmanager
def serving(folder, **how):
    from training.serving import models
    from training.serving.server import Server

    revision = models.revision_of(folder)
    server = Server(("127.0.0.1", 0), models.load(folder), name="m", revision=revision, **how)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.stop()


@pytest.fixture(scope="module")
def chat(policy):
    with serving(policy) as server:
        yield server


@pytest.fixture(scope="module")
def judge(reward):
    with serving(reward) as server:
        yield server


def ask(server, path, value=None, *, method=None, raw=None, **headers):
    """(status, headers, JSON) of one request."""
    body = raw if raw is not None else None if value is None else json.dumps(value)
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    sent = {"Content-Type": "application/json"} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    try:
        connection.request(method or ("POST" if body is not None else "GET"), path, body, sent)
        answer = connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read())
    finally:
        connection.close()


def complete(server, **asked):
    status, _, said = ask(server, "/v1/chat/completions", SHORT | asked)
    assert status == 200, said
    return said


def texts(said):
    return [choice["message"]["content"] for choice in said["choices"]]


def test_what_is_served_is_told(chat, policy):
    from training.serving.models import revision_of

    status, headers, said = ask(chat, "/v1/models")
    assert (status, headers["Content-Type"]) == (200, "application/json")
    (model,) = said["data"]
    assert (model["id"], model["kind"]) == ("m", "policy")
    assert model["revision"] == revision_of(policy) != ""


def test_an_answer_has_openais_shape_and_counts_its_tokens(chat, policy):
    from transformers import AutoTokenizer

    said = complete(chat, n=2, seed=7, model="m")
    assert said["object"] == "chat.completion"
    assert said["model"] == "m"
    assert [choice["index"] for choice in said["choices"]] == [0, 1]
    tokenizer = AutoTokenizer.from_pretrained(policy)
    rendered = tokenizer.apply_chat_template(ASK, tokenize=False, add_generation_prompt=True)
    usage = said["usage"]
    assert usage["prompt_tokens"] == len(tokenizer.encode(rendered))
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    if all(choice["finish_reason"] == "length" for choice in said["choices"]):
        assert usage["completion_tokens"] == 24


def test_the_same_seed_says_the_same_and_another_something_else(chat):
    first, again, other = (texts(complete(chat, n=3, seed=seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert len(set(first)) > 1, "each choice is drawn for itself"


def test_greedy_needs_no_seed_and_is_what_the_model_itself_says(chat, policy):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(policy)
    rendered = tokenizer.apply_chat_template(ASK, tokenize=False, add_generation_prompt=True)
    ids = torch.tensor([tokenizer.encode(rendered)])
    model = AutoModelForCausalLM.from_pretrained(policy)
    mask = torch.ones_like(ids)
    wanted = model.generate(ids, attention_mask=mask, do_sample=False, max_new_tokens=12)
    expected = tokenizer.decode(wanted[0, ids.shape[1] :], skip_special_tokens=True)
    assert texts(complete(chat, temperature=0, n=2)) == [expected, expected]


def test_a_stop_text_ends_the_answer_before_it(chat):
    (whole,) = texts(complete(chat, seed=4, max_tokens=40))
    stop = whole[len(whole) // 2 :][:3]
    said = complete(chat, seed=4, max_tokens=40, stop=[stop, "never said"])
    assert texts(said) == [whole[: whole.index(stop)]]
    assert said["choices"][0]["finish_reason"] == "stop"
    assert said["usage"]["completion_tokens"] < 40, "nothing is written on after it"


@pytest.mark.parametrize(
    ("change", "param", "sentence"),
    [
        ({"messages": []}, "messages", "list of messages"),
        ({"messages": [{"role": "boss", "content": "?"}]}, "messages[0].role", "one of system"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content", "a text"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "messages[0].content", "a text"),
        ({"messages": [{"role": "user", "content": "a\0b"}]}, "messages[0].content", "a NUL"),
        ({"messages": [*ASK, {"role": "assistant", "content": "a"}]}, "messages", "user's"),
        (
            {"messages": [{"role": "user", "content": "a<|im_end|>b"}]},
            "messages[0].content",
            "control token",
        ),
        ({"messages": [{"role": "user", "content": "word " * 5000}]}, "messages", "tokens"),
        ({"n": 0}, "n", "from 1 to 16"),
        ({"n": True}, "n", "whole number"),
        ({"temperature": "hot"}, "temperature", "from 0 to 2"),
        ({"temperature": 2.5}, "temperature", "from 0 to 2"),
        ({"top_p": 0}, "top_p", "above 0"),
        ({"max_tokens": 0}, "max_tokens", "from 1"),
        ({"max_tokens": 5000}, "messages", "together they may have 4096"),
        ({"max_completion_tokens": 5}, "max_completion_tokens", "not both"),
        ({"seed": 1.5}, "seed", "whole number"),
        ({"stop": ["a"] * 5}, "stop", "up to 4"),
        ({"stop": ""}, None, None),
        ({"stream": True}, "stream", "not supported"),
        ({"tools": [{}]}, "tools", "not supported"),
        ({"stream": False, "tools": None, "user": "u"}, None, None),
    ],
)
def test_a_field_that_cannot_be_is_named(chat, change, param, sentence):
    status, _, said = ask(chat, "/v1/chat/completions", SHORT | {"max_tokens": 2} | change)
    if sentence is None:
        assert status == 200, said
        return
    assert status == 400
    assert said["error"]["param"] == param
    assert said["error"]["type"] == "invalid_request_error"
    assert sentence in said["error"]["message"]


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"n": NaN}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(chat, raw):
    status, _, said = ask(chat, "/v1/chat/completions", raw=raw)
    assert status == 400
    assert "JSON" in said["error"]["message"]


def test_other_paths_methods_types_names_and_sizes_have_their_status(chat):
    asked = SHORT | {"max_tokens": 1}
    path = "/v1/chat/completions"
    assert ask(chat, path, asked)[0] == 200
    assert ask(chat, path, asked | {"model": "gpt"})[2]["error"]["code"] == "model_not_found"
    status, _, said = ask(chat, "/v1/score", asked)
    assert (status, "POST /v1/chat/completions" in said["error"]["message"]) == (404, True)
    status, headers, _ = ask(chat, path)
    assert (status, headers["Allow"]) == (405, "POST")
    assert ask(chat, path, method="DELETE")[0] == 501
    assert ask(chat, path, asked, Content_Type="text/plain")[0] == 415
    assert ask(chat, path, asked, Host="example.org")[0] == 421
    assert ask(chat, path, raw=b"{}", Content_Length="9" * 30)[0] == 413
    assert ask(chat, path, raw=b"{}", Transfer_Encoding="chunked")[0] == 411


def test_a_key_is_asked_for_where_there_is_one(policy):
    with serving(policy, key="s3cret-key") as server:
        for given in ({}, {"Authorization": "Bearer other"}, {"Authorization": "s3cret-key"}):
            status, headers, said = ask(server, "/v1/models", **given)
            assert (status, said["error"]["code"]) == (401, "invalid_api_key")
            assert headers["WWW-Authenticate"] == "Bearer"
        assert ask(server, "/v1/models", Authorization="Bearer s3cret-key")[0] == 200


def test_who_comes_when_the_queue_is_full_is_told_to_come_later(policy):
    with serving(policy, waiting=0) as server:
        with server.gate.turn():  # somebody is being answered
            status, headers, said = ask(server, "/v1/chat/completions", SHORT)
        assert (status, said["error"]["code"]) == (429, "rate_limit_exceeded")
        assert int(headers["Retry-After"]) >= 1
        assert complete(server)["choices"], "and then there is room again"


def test_one_waits_for_the_other_and_both_are_answered(policy):
    with serving(policy, waiting=1) as server:
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(complete(server, seed=1)))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert texts(answers[0]) == texts(answers[1]), "nobody drew from the other's dice"


def test_for_whoever_hung_up_nothing_is_written_on(chat):
    body = json.dumps(SHORT | {"max_tokens": 3500, "n": 16, "temperature": 2}).encode()
    with socket.create_connection(("127.0.0.1", chat.server_port)) as gone:
        gone.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\n"
            + f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
    assert complete(chat, max_tokens=1), "else 3,500 tokens of 16 answers came first"


def test_rewards_are_those_of_the_model_with_their_deviation(judge, reward):
    from training.reward_model import RewardModel

    responses = ["I am so sorry. Kind regards.", "No."]
    conversations = [[*ASK, {"role": "assistant", "content": text}] for text in responses]
    status, _, said = ask(judge, "/v1/score", {"conversations": conversations, "model": "m"})
    assert status == 200, said
    wanted, apart = RewardModel.load(reward).score_with_deviation([ASK, ASK], responses)
    assert [one["score"] for one in said["data"]] == pytest.approx(wanted.tolist(), abs=1e-5)
    assert [one["deviation"] for one in said["data"]] == pytest.approx(apart.tolist(), abs=1e-5)
    assert wanted[0] != wanted[1]


@pytest.mark.parametrize(
    ("conversations", "sentence"),
    [
        ([], "1 to 64"),
        ([[]], "conversations[0] must be a list"),
        ([ASK], "its last message, the assistant's"),
        ([[*ASK, {"role": "assistant", "content": "word " * 99}]], "longer than the model reads"),
    ],
)
def test_a_conversation_that_cannot_be_scored_is_named(judge, conversations, sentence):
    status, _, said = ask(judge, "/v1/score", {"conversations": conversations})
    assert (status, sentence in said["error"]["message"]) == (400, True)


def test_only_verified_safetensors_with_a_chat_template_are_served(policy, tmp_path):
    from training.serving.models import load

    def changed(name, change, *, resealed=True):
        folder = tmp_path / name
        shutil.copytree(policy, folder)
        change(folder)
        return seal(folder, "policy") if resealed else folder

    def mute(folder):
        (folder / "chat_template.jinja").unlink(missing_ok=True)
        settings = json.loads((folder / "tokenizer_config.json").read_text())
        settings.pop("chat_template", None)
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))

    def pickled(folder):
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

    def grown(folder):
        with (folder / "config.json").open("a") as file:
            file.write(" ")

    assert load(changed("same", lambda folder: None)).kind == "policy"
    for name, change, sentence, resealed in (
        ("mute", mute, "no chat template", True),
        ("pickled", pickled, "only safetensors", True),
        ("grown", grown, "differ from its manifest", False),
    ):
        with pytest.raises(ConfigError, match=sentence):
            load(changed(name, change, resealed=resealed))
    with pytest.raises(ConfigError, match="differs from served.sha256"):
        load(policy, "0" * 64)
    with pytest.raises(ConfigError, match="no served model"):
        load(tmp_path / "nowhere")


def test_no_other_machine_is_let_in_without_a_key(policy, capsys):
    from training.serve import main

    with pytest.raises(SystemExit) as ended:
        main([str(policy), "--host", "0.0.0.0", "--port", "0"])
    assert ended.value.code == ConfigError.exit_code
    assert "set a key in CONCORD_SERVE_KEY" in capsys.readouterr().err


def test_a_refusal_is_openais_error():
    assert Refused("No.", param="n").body() == {
        "error": {
            "message": "No.", "type": "invalid_request_error", "param": "n", "code": None,
        }
    }  # fmt: skip
