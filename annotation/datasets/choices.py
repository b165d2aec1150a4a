"""What a policy can be set to, and in which words a page says it. The keys go into manifests."""

from django.utils.translation import gettext_lazy as _

LABELS = {
    "majority": _("Majority: the outcome with the most votes"),
    "soft": _("Soft: the side with more than half of the votes, a tie counting half for each"),
    "each": _("Each vote is a comparison of its own"),
}
WHOSE = {
    "people": _("People’s"),
    "ai_judge": _("An AI judge’s alone"),
    "people_first": _("People’s, and an AI judge’s where no person’s counts"),
}
# Where its two orders contradict each other.
CONTRADICTIONS = {"drop": _("Left out"), "tie": _("A tie")}
CONSENSUS = {
    "votes": _("Every vote counts the same"),
    "dawid_skene": _("By reliability: a confusion matrix for each labeler (Dawid–Skene, shrunk)"),
    "one_coin": _("By reliability: one number for each labeler (Dawid–Skene, one coin)"),
    "crowd_bt": _("By reliability: the responses of an item contend (Crowd-BT); no ties"),
}
# By the tiers of an item: the best one is in the first, those as good beside it.
PAIRS = {
    "all": _("All pairs of a ranking"),
    "adjacent": _("Neighbours: each response against the next better one"),
    "best_rest": _("The best against each of the rest"),
    "best_worst": _("The best against the worst"),
}
# From 0, as a judgment says it: see labeling.verdict.STRENGTHS.
MIN_STRENGTH = {
    0: _("Any"),
    1: _("On average slightly better"),
    2: _("On average clearly better"),
    3: _("Far better, said by all who chose it"),
}
TIES = {
    "keep": _("Kept apart, in files of their own"),
    "drop": _("Left out"),
    "soft": _("Soft: in training among the comparisons, half for each side"),
}
UNACCEPTABLE = {
    "below": _("Worse than any acceptable one"),
    "drop": _("Left out, with all its pairs"),
}
SHARE_WEIGHT = {
    "none": _("Each comparison weighs for itself"),
    "ranking": _("The comparisons of a ranking share the weight of one"),
    "prompt": _("The comparisons of a prompt share the weight of one"),
}
NEAR_PROMPTS = {
    "ignore": _("Not looked for"),
    "count": _("Counted: how many lie on two sides"),
    "together": _("Kept on one side: the split is by groups of near-equal prompts"),
}
DEMONSTRATIONS = {
    "include": _("Best responses and demonstrations"),
    "exclude": _("Best responses only"),
    "only": _("Demonstrations only"),
}
CORRECTIONS = {
    "include": _("A corrected response is better than its original, and worth imitating"),
    "exclude": _("Corrections are left out"),
}
ORIGINS = {
    "desk": _("Judging page"),
    "api": _("API"),
    "import": _("Import"),
    "simulated": _("Simulated"),
}
# What a judgment was lent for. Those of the ladder are of people who were still learning.
PURPOSES = {"work": _("Work"), "gold": _("Gold"), "calibration": _("Calibration rounds")}
