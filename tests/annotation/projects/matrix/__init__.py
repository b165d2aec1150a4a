"""The permission matrix: every address × method × actor × object, from the URL resolver.

What is expected lies in `test_permissions.py`, one row for each address. Here is what walks it.
"""
