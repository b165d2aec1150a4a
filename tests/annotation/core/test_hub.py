"""A repository on the Hub: one commit with all of it, or nothing that anybody could see."""

import hashlib

import pytest

from annotation.core import egress
from annotation.core.addresses import Origins, Refused
from annotation.core.hub.asking import Hub, HubError
from annotation.core.hub.repo import Repo
from annotation.core.outgoing import Outgoing, Teller
from annotation.core.retrying import TRIES
from tests.annotation.core.fake_hub import TOKEN, hubbing

NAME = "acme/taste"


@pytest.fixture
def hub(settings):
    with hubbing() as hub, hubbing() as storage:
        hub.storage = storage
        settings.EGRESS_ORIGINS = Origins([hub.origin, storage.origin])
        yield hub


@pytest.fixture
def repo(hub):
    return repo_of(hub)


def repo_of(hub, token=TOKEN, kind="dataset", seconds=egress.TOTAL_SECONDS):
    asked = Hub(hub.origin, token, sleep=lambda seconds: None, seconds=seconds)
    return Repo(asked, kind, NAME)


@pytest.fixture
def files(tmp_path):
    contents = {"README.md": b"# Card\n", "train.jsonl": b"row\n" * 600, "export.json": b"{}\n"}
    return [outgoing(tmp_path, name, content) for name, content in contents.items()]


def outgoing(folder, name, content):
    (folder / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Outgoing(name, folder / name, len(content), digest)


def shown(hub, kind="dataset"):
    """What the newest commit has."""
    commits = hub.repos.get(f"{kind}s/{NAME}", [{}])
    return {name: content for name, (content, _is_large) in commits[-1].items()}


def contents(files):
    return {file.name: file.path.read_bytes() for file in files}


@pytest.mark.parametrize("kind", ["dataset", "model"])
def test_a_repository_is_made_and_has_all_files_in_one_commit(hub, files, kind):
    hub.repos["models/other/one"] = [{}]
    told = []
    teller = Teller(files=lambda done, total: told.append((done, total)))
    arrived = repo_of(hub, kind=kind).push(files, summary="From Concord", teller=teller)
    assert shown(hub, kind) == contents(files)
    assert hub.summaries == ["From Concord"]
    assert hub.repos[f"{kind}s/{NAME}"][-1]["train.jsonl"][1], "the large one is an LFS object"
    assert arrived.revision == f"{1:040x}"
    path = f"datasets/{NAME}" if kind == "dataset" else NAME
    assert arrived.url == f"{hub.origin}/{path}/tree/{arrived.revision}"
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_large_file_goes_in_parts_to_signed_addresses_without_the_token(hub, repo, files):
    hub.chunk, hub.storage_origin = 1000, hub.storage.origin
    hub.storage.after_upload = lambda: hub.objects.update(hub.storage.objects)
    repo.push(files, summary="x")
    assert shown(hub) == contents(files)
    puts = [path for method, path in hub.storage.seen if method == "PUT"]
    assert len(puts) == 3
    assert hub.storage.tokens_to_storage == 0


def test_what_is_there_already_is_neither_sent_nor_committed_again(hub, repo, files):
    first = repo.push(files, summary="x")
    hub.seen.clear()
    assert repo.push(files, summary="x") == first
    assert {method for method, path in hub.seen if "paths-info" not in path} == {"GET"}


def test_the_next_one_replaces_what_the_former_had_and_leaves_the_rest(hub, repo, files, tmp_path):
    repo.push(files, summary="x")
    hub.repos[f"datasets/{NAME}"][-1][".gitattributes"] = (b"theirs", False)
    changed = [outgoing(tmp_path, "README.md", b"# New\n"), files[2]]
    repo.push(changed, summary="y", former=["train.jsonl", "gone.jsonl"])
    assert shown(hub) == contents(changed) | {".gitattributes": b"theirs"}


def test_an_upload_that_was_killed_is_taken_up_without_sending_it_again(hub, repo, files):
    def die():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repo.push(files, summary="x", teller=Teller(alive=die))
    assert shown(hub) == {}, "nothing is visible before the commit"
    assert len(hub.objects) == 1
    hub.seen.clear()
    repo.push(files, summary="x")
    assert shown(hub) == contents(files)
    assert not [path for _method, path in hub.seen if path.startswith("/storage/")]


def test_two_files_of_the_same_bytes_are_sent_once(hub, repo, tmp_path):
    files = [outgoing(tmp_path, name, b"same" * 900) for name in ("one.bin", "two.bin")]
    repo.push(files, summary="x")
    assert shown(hub) == contents(files)
    assert len([path for _method, path in hub.seen if path.startswith("/storage/")]) == 1


@pytest.mark.parametrize(
    ("pattern", "answer", "said"),
    [
        ("GET /api/datasets", (401, {}), "does not accept the token"),
        ("POST .*/create", (403, {}), "needs the right to write"),
        ("POST .*/preupload/", (404, {}), "no such repository"),
        ("POST .*/preupload/", (200, b"<html>"), "something else"),
        ("POST .*/preupload/", (200, {"files": []}), "something else"),
        ("POST .*/batch", (200, {"objects": []}), "something else"),
        ("POST .*/batch", (507, {}), "no room"),
        ("PUT /storage/", (403, {}), "write"),
        ("PUT /storage/", (307, {}, {"Location": "http://169.254.169.254/"}), "another address"),
        ("POST /verify", (422, {}), "answered 422"),
        ("POST .*/commit/", (412, {}), "changed the repository meanwhile"),
        ("POST .*/commit/", (500, {}), "is busy"),
        ("GET /api/datasets", (200, {"sha": "../../x"}), "something else"),
    ],
)
def test_each_refusal_is_a_sentence_and_nothing_of_it_is_visible(
    hub, repo, files, pattern, answer, said
):
    hub.fixed[pattern] = answer
    with pytest.raises(HubError, match=said):
        repo.push(files, summary="x")
    assert shown(hub) == {}
    hub.fixed.clear()
    repo.push(files, summary="x")
    assert shown(hub) == contents(files), "and the next try brings all of it"


def test_a_hub_that_counts_parts_wrongly_gets_none(hub, repo, files):
    hub.chunk, hub.too_many = 1000, 1
    with pytest.raises(HubError, match="something else"):
        repo.push(files, summary="x")
    assert hub.parts == {}


@pytest.mark.parametrize("most", [1, 500])
def test_a_hub_that_keeps_less_than_it_says_is_found_out(hub, repo, files, most):
    hub.most = most
    with pytest.raises(HubError):
        repo.push(files, summary="x")


def test_a_commit_that_shows_something_else_is_found_out(hub, repo, files):
    hub.most = 1
    with pytest.raises(HubError, match="not what was sent"):
        repo.push(files[::2], summary="x")


def test_a_busy_hub_is_asked_again_and_not_for_ever(hub, repo, files):
    hub.busy = 2
    repo.push(files, summary="x")
    hub.busy = 99
    with pytest.raises(HubError, match="is busy"):
        repo.head()
    assert hub.busy == 99 - TRIES


def test_storage_that_the_operator_did_not_list_is_not_connected_to(hub, repo, files, settings):
    hub.storage_origin = hub.storage.origin
    settings.EGRESS_ORIGINS = Origins([hub.origin])
    with pytest.raises(Refused):
        repo.push(files, summary="x")
    assert hub.storage.seen == []
    assert shown(hub) == {}


def test_a_check_tells_a_token_that_may_write_from_others(hub, repo):
    assert repo.check() is False
    hub.repos[f"datasets/{NAME}"] = [{}]
    assert repo.check() is True
    with pytest.raises(HubError, match="does not accept"):
        repo_of(hub, token="hf_wrong").check()
    hub.role = "read"
    with pytest.raises(HubError, match="may only read"):
        repo.check()


def test_the_token_is_in_no_representation(repo):
    assert TOKEN not in repr(repo)
