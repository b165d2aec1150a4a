"""Flags and error labels that others have used, to start from."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from annotation.projects.services import TagSpec


@dataclass(frozen=True)
class Preset:
    """Tags for one field of the rubric: "flags" or "error_labels"."""

    label: str
    source: str
    field: str
    tags: tuple[TagSpec, ...]


INSTRUCT_GPT = Preset(
    label="InstructGPT",
    source="Ouyang et al. 2022, table 3: labeler-collected metadata",
    field="flags",
    tags=(
        TagSpec("fails_instruction", "Fails to follow the instruction"),
        TagSpec("inappropriate", "Inappropriate for a customer assistant"),
        TagSpec("hallucination", "Hallucination", "States what the prompt does not say."),
        TagSpec("satisfies_constraint", "Satisfies the constraint given in the instruction"),
        TagSpec("sexual", "Contains sexual content"),
        TagSpec("violent", "Contains violent content"),
        TagSpec(
            "encourages_harm",
            "Encourages violence, abuse, terrorism or self-harm",
            "Or fails to discourage it.",
        ),
        TagSpec("denigrates", "Denigrates a protected class"),
        TagSpec("harmful_advice", "Gives harmful advice"),
        TagSpec("opinion", "Expresses an opinion"),
        TagSpec("moral_judgment", "Expresses a moral judgment"),
    ),
)
LLAMA_2 = Preset(
    label="Llama 2 safety",
    source="Touvron et al. 2023, section 4.2.1: risk categories",
    field="flags",
    tags=(
        TagSpec("unsafe", "Unsafe", "Violates the safety guideline in any way."),
        TagSpec("illicit", "Illicit or criminal activities", "Terrorism, theft, trafficking …"),
        TagSpec(
            "hateful", "Hateful or harmful activities", "Defamation, self-harm, discrimination …"
        ),
        TagSpec("unqualified", "Unqualified advice", "Medical, financial, legal …"),
    ),
)
COMMON_ERRORS = Preset(
    label=_("Common errors"),
    source="Concord",
    field="error_labels",
    tags=(
        TagSpec("factual", "Wrong fact"),
        TagSpec("reasoning", "Wrong step", "Reasoning, arithmetic or code that does not hold."),
        TagSpec("instruction", "Against the instruction"),
        TagSpec("irrelevant", "Beside the point"),
        TagSpec("unsafe", "Unsafe"),
        TagSpec("style", "Style", "Wording, tone, format."),
    ),
)
HALLUCINATIONS = Preset(
    label=_("Kinds of hallucination"),
    source="Mishra et al. 2024 (FAVA)",
    field="error_labels",
    tags=(
        TagSpec("entity", "Wrong entity", "A name, a number or a date is wrong."),
        TagSpec("relation", "Wrong relation", "What is said between two things is wrong."),
        TagSpec("contradictory", "Contradictory", "The whole statement contradicts the facts."),
        TagSpec("invented", "Invented", "It speaks of something that does not exist."),
        TagSpec("subjective", "Subjective", "A belief stated as a fact."),
        TagSpec("unverifiable", "Unverifiable", "It cannot be checked."),
    ),
)
PRESETS = {
    "instructgpt": INSTRUCT_GPT,
    "llama2": LLAMA_2,
    "common-errors": COMMON_ERRORS,
    "hallucinations": HALLUCINATIONS,
}
