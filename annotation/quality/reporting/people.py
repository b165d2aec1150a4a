"""Taking single people out of a result."""

# What names a person where it stands: an entry about one labeler, and kappas by two handles.
_OF_A_PERSON = frozenset({"labeler", "handle"})
_BY_HANDLES = frozenset({"cohen_kappa"})


def without_people(value):
    """A stored result, whole but for what is said of single labelers: entries with a labeler's id
    or handle, and the kappas of named pairs."""
    if isinstance(value, list):
        return [without_people(one) for one in value if not _is_of_a_person(one)]
    if isinstance(value, dict):
        return {
            key: without_people(one)
            for key, one in value.items()
            if key not in _BY_HANDLES and not _is_of_a_person(one)
        }
    return value


def _is_of_a_person(value) -> bool:
    return isinstance(value, dict) and not _OF_A_PERSON.isdisjoint(value)
