"""Words that were quoted under a response instead of being selected in it."""

from collections.abc import Mapping

from annotation.core.errors import DomainError
from annotation.labeling.forms.problem import Problem
from annotation.labeling.forms.writing import QUOTE_FIELDS, mark_of_quote
from annotation.labeling.models import ItemResponse
from annotation.labeling.models.items import SHOWN
from annotation.labeling.verdict import Highlight


def read_quotes(
    data: Mapping[str, str], letters: Mapping[str, int], assignment, problems: list[Problem]
) -> tuple[Highlight, ...]:
    """The marks that they describe. Asks the database only where something is quoted."""
    quoted = [letter for letter in letters if data.get(f"quote_{letter}", "").strip()]
    if not quoted:
        return ()
    texts = dict(
        ItemResponse.objects.filter(item=assignment.item_id).values_list("position", SHOWN)
    )
    found = []
    for letter in quoted:
        fields = {name: data.get(f"{name}_{letter}", "") for name in QUOTE_FIELDS}
        try:
            mark = mark_of_quote(letter, fields, texts[letters[letter]])
        except DomainError as error:
            problems.append(Problem(str(error), f"quote_{letter}"))
            continue
        found.append(
            Highlight(letters[letter], mark["start"], mark["end"], mark["label"], mark["note"])
        )
    return tuple(found)
