"""A whole round with the real trainers, as small as they go: nothing is learned, all is done."""

import json

import pytest

from annotation.core.models import Job
from annotation.demo import rounds
from annotation.runs.models import ModelVersion, Round
from tests.annotation.demo.conftest import TINY, run_jobs

pytestmark = [pytest.mark.train, pytest.mark.slow]

MODEL = {"hidden_size": 32, "layers": 1, "heads": 2, "vocab_size": 400}
STEPS = {"max_steps": 8, "batch_size": 8, "eval_steps": 100}


def test_a_round_runs_through_the_real_trainers(project):
    pytest.importorskip("torch", reason="needs the train extra")
    found = rounds.start_round(
        project=project,
        options={
            **TINY,
            "generate": {"max_new_tokens": 12, "batch_size": 32},
            "sft": {**MODEL, **STEPS, "batch_size": 4},
            "reward": STEPS,
            "dpo": STEPS,
        },
    )
    run_jobs(until=lambda: not Job.objects.get(pk=found.job_id).is_active, seconds=1200)
    found = Round.objects.get(pk=found.pk)
    assert found.job.state == "done", found.job.error
    versions = {version.run.kind: version for version in ModelVersion.objects.all()}
    assert set(versions) == {"sft", "reward", "dpo"}
    assert versions["dpo"].run.base == versions["sft"]
    assert versions["dpo"].sha256 != versions["sft"].sha256
    # Without dev rows the first figures are of training rows, and say so.
    first = versions["dpo"].metrics["initial"]
    assert first["train_eval_loss"] == pytest.approx(0.6931, abs=1e-3)
    # Barely trained policies write gibberish, which the hidden function must take in its stride.
    rate = found.result["hidden_win_rate"]
    assert rate["n"] == TINY["test_prompts"]
    assert rate["wins"] + rate["ties"] + rate["losses"] == rate["n"]
    judged = project.items.filter(batch="round:1:compare")
    assert judged.exists()
    assert all(item.taken == item.overlap for item in judged)
    assert found.result["win_rate"]["n"] == TINY["test_prompts"]
    json.dumps(found.result, allow_nan=False)
