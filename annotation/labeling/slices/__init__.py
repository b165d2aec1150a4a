"""Parts of a project's items, by what is written in them, that go to some pools only."""
