"""Two responses on one scale, as HelpSteer2, Stiennon et al. and Llama 2 ask for them.

Below 0 the response at position 1 is better, above 0 the one at position 2; the 4-point scale has
no 0. "Both good" is a tie of two acceptable responses, "both bad" puts both below the floor: they
are different answers, and a preference of 0 (about the same) is a third.
"""

from collections.abc import Sequence

SCALES: dict[int, tuple[int, ...]] = {
    4: (-2, -1, 1, 2),
    7: tuple(range(-3, 4)),
    9: tuple(range(-4, 5)),
}
BOTH = ("good", "bad")


def ranking_of_preference(
    preference: int | None, both: str
) -> tuple[tuple[int | None, int | None], tuple[bool, bool], tuple[int, ...]]:
    """What an answer on the scale says as a ranking: ranks, unacceptable and strength.

    A distance of 1, 2, 3 or more is slightly, clearly, far better. Nothing said ranks nothing.
    """
    if both == "bad":
        return (None, None), (True, True), ()
    if both == "good" or preference == 0:
        return (1, 1), (False, False), ()
    if preference is None:
        return (None, None), (False, False), ()
    ranks = (1, 2) if preference < 0 else (2, 1)
    return ranks, (False, False), (min(abs(preference), 3),)


def signed_by_key(preference: int | None, keys: Sequence[str]) -> int | None:
    """An answer by positions as one by ids, or the other way round: in files and for programs,
    below 0 the response whose id comes first (by its bytes) is better."""
    is_turned = preference is not None and list(keys) != sorted(keys)
    return -preference if is_turned else preference
