"""A stored bias report as its page shows it. No queries."""

from annotation.quality.bias_page.page import BiasPage, present
from annotation.quality.bias_page.weeks import Weekly

__all__ = ["BiasPage", "Weekly", "present"]
