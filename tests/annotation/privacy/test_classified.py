"""Every column that could tell of a person has a fate. Whoever adds one decides it here."""

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from annotation.accounts.models import User
from annotation.privacy.classified import COLUMNS, Does

TEXTS = (
    models.CharField,  # e-mail addresses, URLs and slugs are such, too
    models.TextField,
    models.JSONField,
    models.BinaryField,
    models.FileField,
    models.GenericIPAddressField,
)


def could_tell(field) -> bool:
    """Points to a user, or holds a text that is not one of a list."""
    if field.is_relation:
        return field.related_model is User
    if isinstance(field, ArrayField):
        return could_tell(field.base_field)
    return isinstance(field, TEXTS) and not field.choices


def columns() -> dict[str, set[str]]:
    found = {}
    for model in apps.get_models(include_auto_created=True):
        if names := {field.name for field in model._meta.local_fields if could_tell(field)}:
            found[model._meta.label] = names
    return found


def test_every_column_that_could_tell_of_a_person_has_a_fate():
    missing = {
        f"{label}.{name}"
        for label, names in columns().items()
        for name in names - set(COLUMNS.get(label, {}))
    }
    assert missing == set(), (
        "Decide what becomes of these when a person is erased: add them to "
        "annotation/privacy/classified.py, and to `erase` in the app's personal.py unless kept."
    )


def test_no_fate_is_left_of_a_column_that_is_gone():
    known = {f"{label}.{name}" for label, names in columns().items() for name in names}
    classified = {f"{label}.{name}" for label, fates in COLUMNS.items() for name in fates}
    assert classified - known == set()


def test_the_walk_sees_users_addresses_and_lists_of_texts():
    seen = columns()
    assert {"user", "email"} <= seen["account.EmailAddress"]
    assert {"labeler", "rationale"} <= seen["labeling.Judgment"]
    assert "warnings" in seen["labeling.Item"]
    assert "state" not in seen["labeling.Assignment"], "one of a list tells of nobody"


def test_a_model_of_another_would_be_found():
    class Note(models.Model):  # noqa: DJ008  gone before anybody prints it
        author = models.ForeignKey(User, on_delete=models.CASCADE)
        contact = models.EmailField()

        class Meta:
            app_label = "privacy"
            managed = False

    try:
        assert columns()["privacy.Note"] == {"author", "contact"}
    finally:
        del apps.all_models["privacy"]["note"]
        apps.clear_cache()


def test_who_somebody_was_never_stays():
    assert {fate.does for fate in COLUMNS["accounts.User"].values()} == {Does.ANONYMISE}
    assert {fate.does for fate in COLUMNS["account.EmailAddress"].values()} == {Does.DELETE}
