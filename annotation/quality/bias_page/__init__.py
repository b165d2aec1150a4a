"""A stored bias report as its page shows it. No queries."""

from annotation.quality.bias_page.page import BiasPage, present

__all__ = ["BiasPage", "present"]
