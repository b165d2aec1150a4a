"""Sealed secrets open for their key and at their place only."""

import pytest

from annotation.core.sealed import CannotOpen, seal, unseal


def test_a_sealed_text_opens_again_and_shows_nothing():
    sealed = seal("whsec_öffne dich", place="webhook.secret:1")
    assert unseal(sealed, place="webhook.secret:1") == "whsec_öffne dich"
    assert "whsec" not in sealed
    assert seal("whsec_öffne dich", place="webhook.secret:1") != sealed  # no two are alike


def test_in_another_row_it_does_not_open():
    sealed = seal("secret", place="webhook.secret:1")
    with pytest.raises(CannotOpen):
        unseal(sealed, place="webhook.secret:2")


def test_after_a_change_of_the_key_the_old_one_opens_it_while_it_is_kept(settings):
    sealed = seal("secret", place="p")
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    with pytest.raises(CannotOpen):
        unseal(sealed, place="p")
    settings.SECRET_KEY_FALLBACKS = [old]
    assert unseal(sealed, place="p") == "secret"


@pytest.mark.parametrize("broken", ["", "1:", "1:?", "1:AAAA", "2:AAAA", "ä"])
def test_what_was_never_sealed_is_a_sentence(broken):
    with pytest.raises(CannotOpen, match="Make a new one"):
        unseal(broken, place="p")


def test_a_changed_text_does_not_open():
    sealed = seal("secret", place="p")
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    with pytest.raises(CannotOpen):
        unseal(changed, place="p")
