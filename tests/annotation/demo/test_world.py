import random

import pytest

from annotation.demo import texts, world
from annotation.demo.reading import BEST, hidden_quality, read_message, read_reply

CASE = world.Case(
    message="Hello, my kettle arrived broken, order 41.",
    problem="broken",
    product="kettle",
    order="41",
)


def reply(**parts):
    """A reply to CASE: plain, right in every fact, with some parts replaced."""
    plain = {
        "greeting": texts.GREETINGS["plain"][0],
        "acknowledgement": texts.ACKNOWLEDGEMENTS["plain"][0],
        "action": texts.ACTIONS["broken"]["plain"][0],
        "farewell": texts.FAREWELLS["plain"][0],
        "product": CASE.product,
        "order": CASE.order,
    }
    return world.write_reply(**(plain | parts))


def quality(**parts):
    return hidden_quality(CASE.message, reply(**parts))


def test_the_same_seed_gives_the_same_world_and_another_seed_another():
    first = world.sample_demonstrations(50, seed=1)
    assert first == world.sample_demonstrations(50, seed=1)
    assert first != world.sample_demonstrations(50, seed=2)


def test_cases_are_all_different_and_keep_clear_of_what_was_seen():
    again = {case.message for case in world.sample_cases(500, seed=1)}
    others = {case.message for case in world.sample_cases(500, seed=1, exclude=again)}
    assert len(again) == len(others) == 500  # with the same seed it had to avoid every one
    assert not again & others


def test_candidates_of_a_case_are_all_different():
    replies = world.sample_replies(CASE, 9, seed=5)
    assert len(set(replies)) == 9


def test_every_message_is_read_back_as_it_was_made():
    for case in world.sample_cases(2_000, seed=3):
        facts = read_message(case.prompt)
        assert (facts.problem, facts.product, facts.order) == (
            case.problem,
            case.product,
            case.order,
        )


@pytest.mark.parametrize("problem", texts.ACTIONS)
def test_every_sentence_is_read_back_as_it_was_made(problem):
    case = next(c for c in world.sample_cases(200, seed=4) if c.problem == problem)
    parts = {
        "greeting": texts.GREETINGS,
        "acknowledgement": texts.ACKNOWLEDGEMENTS,
        "action": texts.ACTIONS[problem],
        "farewell": texts.FAREWELLS,
    }
    for part, by_manner in parts.items():
        for manner, sentences in by_manner.items():
            for sentence in sentences:
                chosen = {name: choices["plain"][0] for name, choices in parts.items()}
                chosen[part] = sentence
                text = world.write_reply(**chosen, product=case.product, order=case.order)
                reading = read_reply(case.message, text)
                assert reading.manners == dict.fromkeys(parts, "plain") | {part: manner}, text
                assert reading.fits, text
                assert reading.order == "right"
                assert reading.stray_count == 0, text


def test_the_perfect_reply_gets_all_points_and_the_plain_one_fewer():
    courteous = {
        "greeting": texts.GREETINGS["courteous"][0],
        "acknowledgement": texts.ACKNOWLEDGEMENTS["courteous"][0],
        "action": texts.ACTIONS["broken"]["courteous"][0],
        "farewell": texts.FAREWELLS["courteous"][0],
    }
    assert quality(**courteous) == BEST == 9
    assert quality() == 7


@pytest.mark.parametrize("part", ["greeting", "acknowledgement", "farewell"])
def test_quality_rises_with_the_courtesy_of_each_part(part):
    sentences = getattr(texts, f"{part.upper()}S")
    rude, plain, courteous = (
        quality(**{part: sentences[manner][0]}) for manner in ("rude", "plain", "courteous")
    )
    assert rude < plain < courteous


def test_quality_rises_with_the_right_action_and_the_right_order_number():
    assert quality(action=texts.ACTIONS["late"]["plain"][0]) == quality() - 3
    assert quality(order="42") < quality(order=None) < quality(order="41")


def test_two_different_actions_fit_nothing():
    both = reply() + " " + texts.ACTIONS["cancel"]["plain"][0].format(ref="")
    assert read_reply(CASE.message, reply()).fits
    assert not read_reply(CASE.message, both).fits


def test_an_apology_for_another_product_counts_as_rude():
    sorry = texts.ACKNOWLEDGEMENTS["courteous"][0]
    right = quality(acknowledgement=sorry)
    assert quality(acknowledgement=sorry, product="lamp") == right - 1


def test_saying_everything_twice_does_not_help():
    assert hidden_quality(CASE.message, reply() + "\n" + reply()) <= quality()


@pytest.mark.parametrize(
    "garbage",
    ["", " ", "\n\n", "for order", " for order ", "41", "x" * 50_000, "<|end|>" * 9, "😀",
     "the the the the", "for order 41 for order 42", "{product}{ref}", "%s %(x)s", "\u202e"],
)  # fmt: skip
def test_garbage_scores_low_and_breaks_nothing(garbage):
    assert 0 <= hidden_quality(CASE.message, garbage) <= 2
    assert hidden_quality(garbage, reply()) <= 5  # a message nobody understands


def test_any_mutation_of_a_reply_stays_on_the_scale():
    rng = random.Random(7)
    text = reply()
    for _ in range(500):
        letters = list(text)
        for _ in range(rng.randint(1, 12)):
            letters[rng.randrange(len(letters))] = rng.choice("abc 4\n.é")
        assert 0 <= hidden_quality(CASE.message, "".join(letters)) <= BEST


def test_a_kind_reply_in_other_words_gets_half_the_courtesy():
    text = "I am very sorry, please forgive us; you will have a fresh kettle by Friday."
    reading = read_reply(CASE.message, text)
    assert reading.courtesy == 2
    assert reading.quality < quality()


def test_demonstrations_are_of_mixed_quality():
    demonstrations = world.sample_demonstrations(2_000, seed=11)
    scores = [hidden_quality(d.case.message, d.reply) for d in demonstrations]
    assert 4.5 < sum(scores) / len(scores) < 5.5
    assert min(scores) < 2
    assert max(scores) == BEST
    assert 0.15 < sum(score >= 7 for score in scores) / len(scores) < 0.3


def test_messages_and_replies_are_short():
    demonstrations = world.sample_demonstrations(500, seed=12)
    words = [len(f"{d.case.message} {d.reply}".split()) for d in demonstrations]
    assert max(words) < 80
    assert sum(words) / len(words) < 45
