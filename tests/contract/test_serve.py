"""Our own client of endpoints asks our own server: the protocol as both sides read it."""

import subprocess

import pytest

from annotation.candidates.endpoints import services as endpoints
from annotation.candidates.endpoints.client import complete
from annotation.candidates.endpoints.faults import EndpointFailed
from annotation.core.addresses import Origins
from annotation.core.hashing import sha256_of_file
from annotation.runs import serving
from annotation.runs.models import ModelVersion
from tests.factories import make_project
from tests.training.served import make_policy

pytestmark = [pytest.mark.train, pytest.mark.slow, pytest.mark.django_db]
ASK = [{"role": "user", "content": "My lamp is late, order 5."}]
KEY = "served-to-friends-only"


@pytest.fixture
def server(settings, tmp_path, monkeypatch):
    """A real `training.serve` of a registered model, as `manage.py serve_model` starts it."""
    pytest.importorskip("torch")
    settings.DATA_DIR = tmp_path
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv(serving.KEY, KEY)
    sha256 = sha256_of_file(make_policy(tmp_path / "models" / "small-1") / "manifest.json")
    version = ModelVersion(kind="policy", name="small", artifact="models/small-1", sha256=sha256)
    child = serving.start(version, port=0, stdout=subprocess.PIPE)
    try:
        line = child.stdout.readline()
        assert line.startswith("Serving small-1 (policy) at http://127.0.0.1:"), line
        yield line.split()[-1], sha256
    finally:
        child.terminate()
        status = child.wait(timeout=60)
        child.stdout.close()
    assert status == 0, "told to end, it ends in order"


def test_our_client_gets_answers_from_our_server(server, settings):
    url, sha256 = server
    settings.EGRESS_ORIGINS = Origins([url.removesuffix("/v1")])
    endpoint = endpoints.add_endpoint(
        project=make_project(), name="own", base_url=url, model="small-1", key=KEY,
        timeout_seconds=60,
    )  # fmt: skip

    asked = {"n": 2, "temperature": 0.8, "top_p": 0.9, "max_tokens": 12, "seed": 7}
    answer = complete(endpoint, ASK, **asked, stop=["END"])
    assert len(answer.texts) == 2
    assert set(answer.finish_reasons) <= {"stop", "length"}
    assert answer.usage.prompt_tokens > 0
    assert 0 < answer.usage.completion_tokens <= 24
    assert (answer.model, answer.fingerprint) == ("small-1", sha256[:12])
    assert complete(endpoint, ASK, **asked).texts == answer.texts, "same seed, same answers"

    with pytest.raises(EndpointFailed) as refused:
        complete(endpoint, ASK, max_tokens=5000)
    assert refused.value.fault.name == "rejected"

    endpoints.replace_key(endpoint=endpoint, key="another-key-entirely")
    with pytest.raises(EndpointFailed) as refused:
        complete(endpoint, ASK)
    assert refused.value.fault.name == "wrong_key"
