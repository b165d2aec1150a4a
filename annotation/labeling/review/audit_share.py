"""Which items are looked at whatever their labelers say: drawn by a hash, so that the same seed
draws the same items, anybody can check the draw, and a larger share holds the smaller one."""

import hashlib
import secrets


def new_seed() -> str:
    return secrets.token_hex(8)


def is_drawn(seed: str, item_id: int, percent: int) -> bool:
    """The first 8 bytes of sha256("seed:item"), as a number, lie in the lowest `percent`."""
    digest = hashlib.sha256(f"{seed}:{item_id}".encode()).digest()
    return int.from_bytes(digest[:8]) * 100 < percent << 64
