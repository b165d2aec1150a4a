"""Endpoints: servers that speak the OpenAI protocol, and how they may be asked."""

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from annotation.core.addresses import LONGEST_URL, parse
from annotation.core.sealed import SealedField

MOST_AT_A_TIME = 64
SHORTEST_SECONDS, LONGEST_SECONDS = 0.05, 600.0


class EndpointQuerySet(models.QuerySet):
    def kept(self):
        return self.filter(removed_at=None)


class Endpoint(models.Model):
    """A model behind somebody's server. A removed one stays for what it wrote, without its key."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="endpoints"
    )
    # Names the row where the key is sealed: it opens in no other one.
    key = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=80)
    base_url = models.CharField(max_length=LONGEST_URL)
    model = models.CharField(max_length=200)
    # Empty where the server asks for none.
    sealed_key = SealedField(blank=True)

    concurrency = models.PositiveSmallIntegerField(
        default=4, validators=[MinValueValidator(1), MaxValueValidator(MOST_AT_A_TIME)]
    )
    timeout_seconds = models.FloatField(
        default=120,
        validators=[MinValueValidator(SHORTEST_SECONDS), MaxValueValidator(LONGEST_SECONDS)],
    )
    # None: as many as it takes.
    requests_per_minute = models.PositiveIntegerField(null=True, validators=[MinValueValidator(1)])
    tokens_per_minute = models.PositiveIntegerField(null=True, validators=[MinValueValidator(1)])
    # Of a million tokens, read and written. None: not known, which is not the same as free.
    price_in = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, validators=[MinValueValidator(0)]
    )
    price_out = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(max_length=3, default="USD")

    # When the next request, and the next token, may be asked for: endpoints/pace.py.
    requests_free_at = models.DateTimeField(null=True)
    tokens_free_at = models.DateTimeField(null=True)

    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    removed_at = models.DateTimeField(null=True)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "project", Lower("name"), condition=Q(removed_at=None), name="endpoint_name_once"
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None) | Q(sealed_key=""), name="endpoint_key_ends_with_it"
            ),
            models.CheckConstraint(
                condition=Q(concurrency__range=(1, MOST_AT_A_TIME)),
                name="endpoint_some_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(timeout_seconds__range=(SHORTEST_SECONDS, LONGEST_SECONDS)),
                name="endpoint_waits_a_while",
            ),
            models.CheckConstraint(
                condition=(Q(requests_per_minute=None) | Q(requests_per_minute__gt=0))
                & (Q(tokens_per_minute=None) | Q(tokens_per_minute__gt=0)),
                name="endpoint_limits_allow_some",
            ),
            models.CheckConstraint(
                condition=Q(price_in=None, price_out=None)
                | Q(
                    price_in__isnull=False,
                    price_out__isnull=False,
                    price_in__gte=0,
                    price_out__gte=0,
                ),
                name="endpoint_both_prices_or_none",
            ),
        ]

    def __str__(self):
        return f"endpoint {self.pk}"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return parse(self.base_url).origin

    @property
    def place(self) -> str:
        """Where its key is sealed: for this row, and for the server that it was given for. Who
        may change the address must not be able to have the key sent elsewhere."""
        return f"candidates_endpoint.sealed_key:{self.key}:{self.origin}"

    @property
    def has_key(self) -> bool:
        return bool(self.sealed_key)
