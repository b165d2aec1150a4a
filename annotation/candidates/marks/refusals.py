"""Responses that decline to answer, in English and German. Pure: text in, what was found out.

A refusal says at its beginning, of itself, that it will not or cannot do what was asked. "I can't
believe it" and "You cannot refuse" are none, and a sentence in the middle of an answer neither.
"""

import re

from annotation.candidates.marks.found import REFUSAL, Found

# A refusal stands at the beginning: later "I cannot help" is somebody in a story.
BEGINNING = 300


def _any(*parts: str) -> str:
    return f"(?:{'|'.join(parts)})"


_SORRY = _any(
    r"(?:i['’]?m|i am)\s+(?:very\s+|so\s+|truly\s+|really\s+)?sorry",
    r"sorry|i apologi[sz]e|my apologies|unfortunately",
)
_AS_AI = _any(
    r"as an? (?:(?:large )?(?:ai|artificial intelligence|language)[\w -]{0,30}?"
    r"(?:model|assistant|system|chatbot)?|ai)\b"
)
_AM_NOT = r"(?:am not|['’]m not)"
_DO_NOT = r"do(?:n['’]t| not)"
_CANNOT = _any(
    r"can['’]?t|can\s?not|won['’]t|will not|am unable to|['’]m unable to",
    rf"{_AM_NOT} (?:able|going|programmed|allowed|willing) to|{_AM_NOT} comfortable",
    rf"{_DO_NOT} feel comfortable|{_DO_NOT} want to|would(?:n['’]t| not) want to",
    r"must decline to|have to decline|refuse to",
    rf"{_DO_NOT} have (?:the ability|the capability|access) to",
)
_DOING = (
    r"(?:\s+(?:\w+ly|really|in good conscience|possibly|also|therefore|to))?\s+"
    + _any(
        r"help(?:ing)?|assist(?:ing)?|provid(?:e|ing)|answer(?:ing)?|do(?:ing)? (?:that|this|so)",
        r"fulfil+(?:ing)?|comply(?:ing)?|complete|generat(?:e|ing)|creat(?:e|ing)|writ(?:e|ing)",
        r"produce|discuss(?:ing)?|engag(?:e|ing)|shar(?:e|ing)|tell(?:ing)? you|support(?:ing)?",
        r"giv(?:e|ing) (?:you|advice|that|this|any|medical|legal|out)|participat(?:e|ing)",
        r"respond|advise|recommend|offer(?:ing)?|perform|access|browse|suggest|talk(?:ing)? about",
        r"make (?:that|this|any)|encourage|condone|facilitate|continue",
    )
    + r"\b"
)
# Who asks again does not decline.
_ASKS_AGAIN = (
    r"\s+(?:quite |really |fully )?"
    r"(?:understand|hear|see|tell|find|follow|read|make out|be of)"
)
_GERMAN_MAY = r"(?:kann|darf|werde|möchte)"
_GERMAN_NOT = r"(?:nicht|keine?n?)\b"
_GERMAN_DOING = _any(
    "helfen|weiterhelfen|behilflich sein|beantworten|unterstützen|bereitstellen|erstellen",
    "schreiben|nachkommen|mitwirken|erfüllen|geben|verfassen|liefern|antworten|machen",
)

RULES = {
    # "I cannot provide …", "I won't tell you …"
    "cannot": rf"\bi\s*{_CANNOT}{_DOING}",
    # "As an AI language model, I do not have …"
    "as_ai": rf"{_AS_AI},?\s+(?:\w+\s+){{0,3}}?i\s*(?:{_CANNOT}|{_DO_NOT}(?! recommend)|am not)",
    # "I'm sorry, but I can't …", at the very beginning
    "sorry": rf"\A\W*{_SORRY},?\s+(?:but\s+)?(?:{_AS_AI},?\s+)?i\s*{_CANNOT}(?!{_ASKS_AGAIN})",
    "policy": r"\b(?:this|that|your|the) (?:request|question|prompt) "
    r"(?:violates|goes against|is against|is not something i)",
    # "Ich kann Ihnen dabei leider nicht helfen"
    "german_cannot": rf"\bich\s+{_GERMAN_MAY}\s+(?:\w+,?\s+){{0,6}}?(?:leider\b|{_GERMAN_NOT})"
    rf"[^.!?\n]{{0,80}}?{_GERMAN_DOING}\b",
    # "Leider kann ich diese Frage nicht …", at the very beginning
    "german_sorry": r"\A\W*(?:(?:es )?tut mir (?:sehr )?leid|entschuldigung|leider|bedauerlich\w*)"
    rf"[^.!?\n]{{0,40}}?(?:\b{_GERMAN_MAY} ich|\bich {_GERMAN_MAY})"
    rf"\s+[^.!?\n]{{0,60}}?\b{_GERMAN_NOT}",
    "german_as_ai": r"\bals (?:ki|künstliche intelligenz|(?:ki-)?sprachmodell|ki-[\wäöü-]+)"
    rf"[^.!?\n]{{0,30}}?\b(?:kann|darf|habe|bin) ich\s+[^.!?\n]{{0,60}}?\b{_GERMAN_NOT}",
}
_PATTERNS = {name: re.compile(rule, re.IGNORECASE) for name, rule in RULES.items()}


def find_refusal(text: str) -> list[Found]:
    """[Found] of kind refusal, at most one: the first words that decline."""
    lead = len(text) - len(text.lstrip())
    found = [
        (match.start(), name, match.end())
        for name, pattern in _PATTERNS.items()
        if (match := pattern.search(text[: lead + BEGINNING]))
    ]
    if not found:
        return []
    start, name, end = min(found)
    return [Found(REFUSAL, name, start, end)]
