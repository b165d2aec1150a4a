"""Where a response says which model, or whose, it is. Pure: text in, what was found out.

A judge who knows the generator judges the generator. Bare names are words: Claude painted lilies,
Gemini is a sign, llamas spit. So an ordinary word counts only where the response says it of
itself; a name that is nothing else counts anywhere, unless the prompt said it first.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from annotation.candidates.marks.found import IDENTITY, Found, without_overlaps

VENDORS = (
    "OpenAI",
    "Open AI",
    "Anthropic",
    "Google DeepMind",
    "DeepMind",
    "Google AI",
    "Google",
    "Meta AI",
    "Meta",
    "Microsoft",
    "Mistral AI",
    "Mistral",
    "Alibaba Cloud",
    "Alibaba",
    "DeepSeek",
    "Cohere",
    "xAI",
    "Amazon",
    "Baidu",
    "Tencent",
    "Nvidia",
    "IBM",
    "Stability AI",
    "EleutherAI",
    "Eleuther AI",
    "Hugging Face",
    "HuggingFace",
    "LAION",
    "LMSYS",
    "Large Model Systems Organization",
    "Aleph Alpha",
    "Databricks",
    "Salesforce",
    "Inflection",
    "Moonshot AI",
    "Zhipu AI",
    "01.AI",
    "Technology Innovation Institute",
    "TII",
    "Nous Research",
)
# Names of models that are words, or people, as well.
MODELS = (
    "ChatGPT",
    "GPT",
    "Claude",
    "Gemini",
    "Bard",
    "PaLM",
    "Gemma",
    "LLaMA",
    "Llama",
    "Alpaca",
    "Vicuna",
    "Koala",
    "Mistral",
    "Mixtral",
    "Qwen",
    "Tongyi Qianwen",
    "DeepSeek",
    "Command R",
    "Grok",
    "Ernie Bot",
    "Falcon",
    "Dolly",
    "Open Assistant",
    "OpenAssistant",
    "StableLM",
    "Bing",
    "Copilot",
    "Phi",
    "BLOOM",
    "Pythia",
    "Cerebras",
    "Luminous",
    "Kimi",
    "ChatGLM",
    "Baichuan",
    "MPT",
    "Pi",
    "Nova",
    "Granite",
    "Zephyr",
    "Assistant by Google",
)
# Nobody says these of anything else.
UNMISTAKABLE = (
    r"Chat\s?-?GPT(?:[- ]?\d(?:\.\d)?)?",
    r"GPT-?(?:2|3|3\.5|4|4o|4\.\d|5)(?:[- ](?:turbo|mini))?",
    r"Open\s?Assistant",
    r"Claude[- ](?:v?\d(?:\.\d)?|instant|haiku|sonnet|opus)",
    r"LLaMA[- ]?\d+(?:\.\d)?(?:-?\d+B)?",
    r"Tongyi Qianwen|Qwen\d?",
    r"ChatGLM\d?",
    r"StableLM",
    r"OpenAI|Anthropic|EleutherAI|LMSYS|DeepSeek",
)
_MADE = (
    r"(?:trained|developed|created|made|built|designed|fine-?tuned|provided|programmed|"
    r"entwickelt|trainiert|erstellt|geschaffen|programmiert)"
)
_SELF = (
    r"(?:\bI\s*(?:am|['’]m)|\bmy name is|\bI\s*(?:am|['’]m) called|\byou can call me|\bthis is|"
    r"\bI(?:['’]ve| have)? (?:was|been)|\bich bin|\bmein name ist|\bich heiße)"
)


def find_identity(text: str, *, names: Iterable[str] = (), prompt: str = "") -> list[Found]:
    """[Found] of kind identity, by place: the names alone, which is what is masked. `names` are
    those of the project's generators."""
    found = []
    for rule, pattern in _patterns(tuple(sorted(set(names)))).items():
        for match in pattern.finditer(text):
            word = match["name"]
            if rule in ("name", "generator") and word.casefold() in prompt.casefold():
                continue
            found.append(Found(IDENTITY, rule, *match.span("name")))
    return without_overlaps(found)


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


def stem_of(name: str) -> str:
    """The word that a generator's name begins with: "vicuna" of "vicuna-13b-v1.3"."""
    match = re.match(r"[^\W\d_]{4,}", name)
    return match[0] if match else ""


@lru_cache(maxsize=64)
def _patterns(names: tuple[str, ...]) -> dict[str, re.Pattern]:
    vendors = _any_of(VENDORS)
    own = [stem for name in names if (stem := stem_of(name))]
    models = rf"(?:{_any_of([*MODELS, *own])})(?:[- ]?v?\d[\w.]*)?"
    patterns = {
        # "I am Claude", "My name is ChatGPT", "Ich bin Luminous"; not "I am Google's customer".
        "self": re.compile(
            rf"{_SELF},?\s+(?:an? (?:\w+\s+){{0,3}}?(?:called|named|model)\s+)?"
            rf"(?P<name>{models})(?![\w'’]|-\w)",
            re.IGNORECASE,
        ),
        # "As Claude, I …", "as ChatGPT I"
        "as": re.compile(rf"\bas (?P<name>{models}),?\s+I\b", re.IGNORECASE),
        # "a language model trained by OpenAI", "I was created by Google", "von OpenAI entwickelt"
        "vendor": re.compile(
            rf"\b(?:(?:language |ai |chat)?(?:model|assistant|bot)|AI|LLM|I\s*(?:was|am|['’]m)|"
            rf"(?:sprach)?modell|assistent|ich (?:wurde|bin))\b[^.!?\n]{{0,60}}?"
            rf"\b(?:{_MADE}\s+(?:by|at|von|durch)|by|from|von)\s+(?:the\s+)?"
            rf"(?P<name>{vendors})(?!\w)",
            re.IGNORECASE,
        ),
        "name": re.compile(rf"(?<!\w)(?P<name>{'|'.join(UNMISTAKABLE)})(?!\w)", re.IGNORECASE),
    }
    whole = [name for name in names if len(name) >= 5 and re.search(r"\d", name)]
    if whole:
        patterns["generator"] = re.compile(
            rf"(?<![\w-])(?P<name>{_any_of(whole)})(?![\w-])", re.IGNORECASE
        )
    return patterns
