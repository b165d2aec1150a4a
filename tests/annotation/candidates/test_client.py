"""One request to an endpoint: what goes out, and what each kind of answer is."""

import ssl
import time
from datetime import timedelta
from email.utils import formatdate

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone

from annotation.candidates.endpoints import services
from annotation.candidates.endpoints.client import complete
from annotation.candidates.endpoints.faults import FAULTS, EndpointFailed, Fault, Then
from annotation.candidates.endpoints.refusing import retry_after
from annotation.core.addresses import Origins
from tests.annotation.candidates.fake_openai import completion, honest, refusing, send, speaking
from tests.annotation.candidates.faults import CASES, ECHOED, WAITS
from tests.factories import make_project

pytestmark = pytest.mark.django_db
ASK = [{"role": "user", "content": "Why?"}]


@pytest.fixture(scope="module")
def server():
    with speaking() as server:
        yield server


@pytest.fixture
def endpoint(server, settings):
    settings.EGRESS_ORIGINS = Origins([server.origin])
    server.answer, server.answers, server.asked, server.heads = honest, [], [], []
    return services.add_endpoint(
        project=make_project(),
        name="fake",
        base_url=server.base_url,
        model="m-7b",
        key=ECHOED,
        timeout_seconds=10,
    )


def test_a_request_says_what_was_asked_and_nothing_of_us(server, endpoint):
    answer = complete(
        endpoint, ASK, n=2, temperature=0.5, top_p=0.9, max_tokens=64, seed=7, stop=["END"]
    )
    assert server.asked == [
        {
            "model": "m-7b",
            "messages": ASK,
            "n": 2,
            "temperature": 0.5,
            "top_p": 0.9,
            "max_tokens": 64,
            "seed": 7,
            "stop": ["END"],
        }
    ]
    lines = server.heads[0].split("\r\n")
    assert lines[0] == "POST /v1/chat/completions HTTP/1.1"
    names = {line.partition(":")[0].lower() for line in lines[1:]}
    assert names == {"host", "user-agent", "accept-encoding", "content-length", "connection",
                     "content-type", "accept", "authorization"}  # fmt: skip
    assert f"Authorization: Bearer {ECHOED}" in lines
    assert answer.texts == ("Why? answer 1.", "Why? answer 2.")
    assert answer.finish_reasons == ("stop", "stop")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (11, 14)
    assert (answer.model, answer.fingerprint) == ("m-7b", "fp_1")
    assert 0 < answer.latency < 10


def test_what_is_left_open_is_the_endpoints_default_and_a_server_without_keys_gets_none(
    server, endpoint
):
    services.replace_key(endpoint=endpoint, key="")
    complete(endpoint, ASK)
    assert server.asked == [{"model": "m-7b", "messages": ASK}]
    assert "authorization" not in server.heads[0].lower()


@pytest.mark.parametrize("name", CASES)
def test_each_lie_has_a_name_and_a_sentence_and_leaves_nothing(server, endpoint, name):
    case = CASES[name]
    server.answer = case.answer
    if case.fault == "slow":  # what never comes is not worth a long wait
        endpoint.timeout_seconds = 0.25
    if not case.fault:
        answer = complete(endpoint, ASK, n=2)
        assert len(answer.texts) == len(answer.finish_reasons) == case.kept.get("count", 2)
        assert answer.texts[0] == case.kept.get("text", "Why? answer 1.")
        assert answer.finish_reasons[0] == case.kept.get("reason", "stop")
        assert answer.model == case.kept.get("model", "m-7b")
        usage = answer.usage
        read = (usage.prompt_tokens, usage.completion_tokens)
        assert read == case.kept.get("tokens", (11, 7 * len(answer.texts)))
        return
    with pytest.raises(EndpointFailed) as caught:
        complete(endpoint, ASK, n=2)
    assert caught.value.fault.name == case.fault
    assert case.said in str(caught.value)
    assert "%(" not in str(caught.value)
    assert ECHOED[:9] not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("sk-proj-1f3a9c7e5b2d", "Keys begin with sk-proj- and are secret."),
        ("EMPTY", "The list is EMPTY."),
        ("ollama", "Run ollama serve."),
    ],
)
def test_a_piece_of_a_key_or_a_dummy_in_a_response_is_no_key(server, endpoint, key, text):
    services.replace_key(endpoint=endpoint, key=key)
    server.answer = lambda stream, request: send(stream, completion(request, texts=[text]))
    assert complete(endpoint, ASK).texts == (text,)


def test_there_are_as_many_lies_as_were_promised_and_each_fault_is_met_somewhere():
    assert len([case for case in CASES.values() if case.fault]) >= 30
    met = {case.fault for case in CASES.values()}
    elsewhere = {"refused", "unresolved", "tls", "lost_key", "long_wait"}
    elsewhere |= {"no_verdict", "long_prompt", "control_token", "chat_template"}
    assert set(FAULTS) - met == elsewhere


def test_nobody_there_is_unreachable(endpoint, settings):
    with speaking() as gone:
        settings.EGRESS_ORIGINS = Origins([gone.origin])
    endpoint.base_url, endpoint.sealed_key = gone.base_url, ""
    with pytest.raises(EndpointFailed) as caught:
        complete(endpoint, ASK)
    assert caught.value.fault == Fault("unreachable")


def test_what_no_operator_listed_is_refused_and_never_asked(server, endpoint, settings):
    settings.EGRESS_ORIGINS = Origins([])
    with pytest.raises(EndpointFailed, match="CONCORD_EGRESS_ORIGINS") as caught:
        complete(endpoint, ASK)
    assert caught.value.fault.then == Then.STOP
    assert server.asked == []


def test_who_signed_their_own_certificate_is_told_nothing(endpoint, settings, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "own.pem"))
    with speaking(wrap=lambda stream: context.wrap_socket(stream, server_side=True)) as server:
        origin = server.origin.replace("http:", "https:")
        settings.EGRESS_ORIGINS = Origins([origin])
        endpoint.base_url, endpoint.sealed_key = f"{origin}/v1", ""
        with pytest.raises(EndpointFailed) as caught:
            complete(endpoint, ASK)
    assert caught.value.fault == Fault("tls")
    assert server.asked == []


def self_signed(path):
    """A key and a certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = timezone.now()
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    own = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(own + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def test_a_key_opens_for_the_server_it_was_given_for_alone(server, endpoint, settings):
    with speaking() as other:
        settings.EGRESS_ORIGINS = Origins([server.origin, other.origin])
        endpoint.base_url = other.base_url
        with pytest.raises(EndpointFailed, match="replace the key") as caught:
            complete(endpoint, ASK)
        assert other.connections == 0
    assert caught.value.fault == Fault("lost_key")


def told_to_wait(server, endpoint, said):
    server.answer = refusing("429 Slow", Retry_After=said)
    with pytest.raises(EndpointFailed) as caught:
        complete(endpoint, ASK)
    return caught.value.wait_seconds


@pytest.mark.parametrize("name", WAITS)
def test_what_retry_after_says_is_waited(server, endpoint, name):
    said, seconds = WAITS[name]
    assert told_to_wait(server, endpoint, said) == seconds
    assert retry_after(said) == seconds


def test_retry_after_may_be_a_date(server, endpoint):
    """The server's clock and ours: a date is as near as the two of them are."""
    said = formatdate(time.time() + 90, usegmt=True)
    assert told_to_wait(server, endpoint, said) == pytest.approx(90, abs=80)
    assert retry_after(said) == pytest.approx(90, abs=80)
