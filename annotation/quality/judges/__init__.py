"""Models that judge: asked twice, kept apart from people, and held against them."""
