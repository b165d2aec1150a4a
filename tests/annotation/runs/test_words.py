"""What options and figures are called on pages: one place, all of them, in sensible digits."""

import pytest
from django.urls import reverse

from annotation.candidates.options import GENERATE
from annotation.core.errors import DomainError
from annotation.core.options import read_options
from annotation.runs import presentation, words
from annotation.runs.attempts import store_events
from annotation.runs.harness.options import LM_EVAL
from annotation.runs.options import BY_KIND, read
from annotation.runs.scoring.options import SCORE

# What the trainers write today (training/), by kind of line.
TOLD = [
    "loss",
    "grad_norm",
    "learning_rate",
    "entropy",
    "num_tokens",
    "mean_token_accuracy",
    "rewards/chosen",
    "rewards/rejected",
    "rewards/accuracies",
    "rewards/margins",
    "logps/chosen",
    "logps/rejected",
    "logits/chosen",
    "logits/rejected",
    "min_reward",
    "mean_reward",
    "max_reward",
    "reward",
    "reward_std",
    "kl",
    "kl_k3",
    "kl_coef",
    "completions/mean_length",
    "completions/clipped_ratio",
    "clip_ratio",
    "largest_ratio",
    "value_loss",
    "eval_loss",
    "train_eval_loss",
    "eval_accuracy",
    "eval_rewards/margins",
    "eval_logps/chosen",
    "eval_regret",
    "eval_kl",
    "eval_length",
    "eval_ended",
    "train_eval_reward",
    "dev_loss",
    "test_token_accuracy",
    "test_win_rate",
    "dev_win_rate",
    "train_prompts",
    "test_length",
    "train_accuracy",
    "log_loss",
    "calibration_error",
    "comparisons",
]


@pytest.mark.parametrize("kind", BY_KIND)
def test_every_option_is_called_something(kind):
    for option in BY_KIND[kind]:
        assert words.option(option.name) != option.name, option.name


@pytest.mark.parametrize("name", TOLD)
def test_every_figure_is_called_something(name):
    assert words.figure(name) != name


def test_a_figure_that_nobody_named_keeps_its_own_name():
    assert words.figure("eval_novelty") == "eval_novelty"
    assert words.measured("eval_novelty", 0.123456) == "0.123"
    assert words.measured("eval_novelty", 12345) == "12,345"


def test_digits_and_units_are_for_people():
    said = {
        ("loss", 0.6931471824645996): "0.693",
        ("eval_rewards/accuracies", 0.5): "0.500",
        ("learning_rate", 0.00002): "2e−5",
        ("logps/chosen", -231.44444): "−231.4 nats",
        ("completions/mean_length", 26.6999): "26.7 tokens",
        ("grad_norm", 999.4): "999",
        ("grad_norm", 999.5): "1,000",
        ("grad_norm", -999.99): "−1,000",
        ("num_tokens", 43500.0): "43,500",
        ("rewards/margins", -0.00001): "0.000",
        ("test_prompts", 40): "40",
        ("loss", None): "—",
    }
    assert {pair: words.measured(*pair) for pair in said} == said
    assert words.figure("train_eval_rewards/accuracies") == "Accuracy, on training rows"


def test_a_report_is_told_in_words_with_the_trainers_names_at_hand():
    report = {
        "test_win_rate": {"value": 0.75, "low": 0.6, "high": 0.9},
        "calibration": {"temperature": 1.23456, "error_before": 0.1},
        "criteria": {"helpful": {"value": 0.7, "low": 0.6, "high": 0.8}, "tone": 0.5},
        "unknown": [1, 2],
    }
    figures = presentation.other_figures(report)
    assert [(one.name, one.value, one.raw) for one in figures] == [
        ("Win rate by the reward model, on the test split", "0.750", "test_win_rate"),
        ("Calibration: Temperature", "1.235", "calibration, temperature"),
        ("Calibration: calibration error before", "0.100", "calibration, error_before"),
        ("Criterion: helpful", "0.700", "criteria, helpful"),
        ("Criterion: tone", "0.500", "criteria, tone"),
    ]
    assert figures[0].interval == "0.600 to 0.900"


@pytest.mark.django_db
def test_the_page_of_a_run_speaks_in_words_and_keeps_the_names_to_type(client, world):
    client.force_login(world.engineer)
    run = world.train("sft", options={"max_steps": 1200, "learning_rate": 0.00012345678})
    line = {"type": "metric", "step": 3, "train_eval_rewards/accuracies": 0.6931471824645996}
    store_events(run, run.job.token, [(9000, line)])
    page = client.get(reverse("runs:show-run", args=[world.project.slug, run.pk]))
    said = page.content.decode()
    assert (
        '<th scope="row" title="train_eval_rewards/accuracies">Accuracy, on training rows' in said
    )
    assert "0.6931471824645996" not in said
    assert '<dt>Learning rate<code class="raw">learning_rate</code></dt>' in said
    assert "0.00012345678" in said, "an option stands as it was typed"
    assert "1,200" in said


ALL = BY_KIND | {"generate": GENERATE, "score": SCORE, "lm_eval": LM_EVAL}


@pytest.mark.parametrize("kind", ALL)
def test_no_whole_number_is_without_an_upper_bound_and_the_refusal_tells_it(kind):
    whole = [option for option in ALL[kind] if option.type is int]
    assert whole or kind == "score"
    for option in whole:
        with pytest.raises(DomainError, match=f"{option.name} must be at most {option.high:.10g}"):
            read_options(ALL[kind], {option.name: "1" * 23}, kind)


@pytest.mark.parametrize("text", ["inf", "-inf", "nan", "1e999"])
def test_no_number_is_beyond_all_numbers(text):
    for kind, table in BY_KIND.items():
        for option in table:
            if option.type is float:
                with pytest.raises(DomainError, match=f"{option.name} takes a finite number"):
                    read(kind, {option.name: text})


@pytest.mark.django_db
def test_a_list_tells_runs_of_one_name_apart_and_says_why_one_failed(client, world):
    client.force_login(world.engineer)
    world.act("exit 65 a leak")
    failed = world.train("sft", name="Polite")
    world.act("well")
    again = world.start("sft", name="Polite", after=failed)
    said = client.get(reverse("runs:list-runs", args=[world.project.slug])).content.decode()
    assert f"run {again.pk}, after run {failed.pk}" in said
    assert "Bad data: a leak" in said


def test_a_unit_agrees_with_its_number():
    assert presentation.option_value("log_steps", 1) == "1 step"
    assert presentation.option_value("save_steps", 2000) == "2,000 steps"
    assert presentation.option_value("max_length", 256) == "256 tokens"
