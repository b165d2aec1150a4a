"""The audit trail to be read: filtered, in sentences, page by page, or as a file."""
