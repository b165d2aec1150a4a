"""A round on one page: prompts, candidates, judgments, dataset, runs, evaluation, decision."""
