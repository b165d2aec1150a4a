"""The printable report of a project: what was judged by whom, how it was counted, and what it is
worth. It names nobody, unless a lead asks for the handles."""
