"""What a project's judgments say about its items, its rubric, its weeks and its people."""
