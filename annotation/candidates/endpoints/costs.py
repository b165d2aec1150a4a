"""What questions to an endpoint take: tokens, money, minutes. Estimates, before they are asked."""

from decimal import Decimal

from annotation.candidates.models import Endpoint

MILLION = Decimal(1_000_000)
# Bytes of UTF-8 to a token: about 4 of English, and a character of 3 bytes is about one token.
BYTES_PER_TOKEN = 4


def tokens_of(text: str) -> int:
    """About so many; a server counts in its own way."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def terms_of(endpoint: Endpoint) -> dict:
    """What a run keeps of its endpoint: prices and names change later."""
    known = endpoint.price_in is not None
    return {
        "model": endpoint.model,
        "price_in": str(endpoint.price_in) if known else None,
        "price_out": str(endpoint.price_out) if known else None,
        "currency": endpoint.currency,
    }


def cost_of(terms: dict, tokens_in: int, tokens_out: int) -> Decimal | None:
    """In the currency of the terms; None where the prices are not known."""
    if terms.get("price_in") is None:
        return None
    whole = tokens_in * Decimal(terms["price_in"]) + tokens_out * Decimal(terms["price_out"])
    return whole / MILLION


def minutes_least(endpoint: Endpoint, requests: int, tokens: int) -> float | None:
    """By the limits per minute; None where there are none."""
    bounds = [
        amount / limit
        for amount, limit in (
            (requests, endpoint.requests_per_minute),
            (tokens, endpoint.tokens_per_minute),
        )
        if limit
    ]
    return max(bounds) if bounds else None
