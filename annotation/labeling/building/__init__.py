"""Items from responses that are stored: which of a prompt's responses meet in an item."""
