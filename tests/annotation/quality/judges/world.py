"""A judge behind a fake server: what it answers is a function of what it was shown."""

import json

from annotation.candidates.endpoints import services as endpoints
from annotation.core import jobs
from annotation.quality.judges import services
from tests.annotation.candidates.fake_openai import completion, send


def saying(decide):
    """A server whose text is decide(document), as JSON where it is no text."""

    def answer(stream, request):
        document = json.loads(request["messages"][1]["content"])
        said = decide(document)
        text = said if isinstance(said, str) else json.dumps(said)
        send(stream, completion(request, texts=[text]))

    return answer


def longer(document):
    """A judge that is steady: the longer response, whichever place it has."""
    a, b = len(document["A"]), len(document["B"])
    return {"preferred": "A" if a > b else "B" if b > a else "tie", "critique": "By length."}


def always_a(_document):
    return {"preferred": "A", "critique": "The first one."}


def make_judge(project, server, **more):
    endpoint = endpoints.add_endpoint(
        project=project,
        name=f"server of {more.get('name', 'fake')}",
        base_url=server.base_url,
        model="j-70b",
        timeout_seconds=10,
        price_in=more.pop("price_in", None),
        price_out=more.pop("price_out", None),
    )
    return services.add_judge(project=project, endpoint=endpoint, **({"name": "fake"} | more))


def asked(judge, items=None, **how):
    """A run, done to its end."""
    ids = [item.pk for item in items] if items else services.items_for(judge, most=100, **how)
    run = services.start_run(judge=judge, item_ids=ids)
    jobs.run(run.job_id)
    run.job.refresh_from_db()
    return run
