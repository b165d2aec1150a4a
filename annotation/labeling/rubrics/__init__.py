"""The rubric as a lead works on it: edit, preview, compare, publish."""
