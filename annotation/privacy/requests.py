"""A person's wish to be erased: asked, taken back, or done by an admin."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.core import audit
from annotation.privacy.models import ErasureRequest


def open_request_of(user) -> ErasureRequest | None:
    return ErasureRequest.objects.filter(user=user, withdrawn_at=None, done_at=None).first()


def open_requests():
    asked = ErasureRequest.objects.filter(withdrawn_at=None, done_at=None)
    return asked.select_related("user").order_by("asked_at")


def ask_for_erasure(*, user, removes_texts: bool = False) -> None:
    """Twice is once."""
    try:
        with transaction.atomic():
            ErasureRequest.objects.create(user=user, removes_texts=removes_texts)
            audit.record("erasure.asked", actor=user, target=f"user:{user.pk}")
    except IntegrityError:
        return


def withdraw_request(*, user) -> None:
    with transaction.atomic():
        asked = ErasureRequest.objects.filter(user=user, withdrawn_at=None, done_at=None)
        if asked.update(withdrawn_at=timezone.now()):
            audit.record("erasure.withdrawn", actor=user, target=f"user:{user.pk}")
