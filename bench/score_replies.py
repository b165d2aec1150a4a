"""`python -m bench.score_replies QUESTIONS OUT MODEL…`: rewards of replies, in their order.

QUESTIONS is JSON Lines of {"prompt", "responses"}; OUT gets, for each model, a list of rewards for
each line. A process of its own: who asks has Django, and torch never lives beside it.
"""

import json
import sys
from pathlib import Path


def main() -> None:
    from training.reward_model import RewardModel

    questions, out, *models = map(Path, sys.argv[1:])
    lines = [json.loads(line) for line in questions.read_text().splitlines()]
    pairs = [(tuple(line["prompt"]), text) for line in lines for text in line["responses"]]
    found = []
    for model in models:
        scores = iter(RewardModel.load(model).score(*zip(*pairs, strict=True)).tolist())
        found.append([[next(scores) for _ in line["responses"]] for line in lines])
    out.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
