"""How a lead writes a rubric: the draft beside the version in force, and templates."""
