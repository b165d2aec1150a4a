#!/usr/bin/env python
"""Concord's command line."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotation.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        sys.exit(f"Concord is not installed in this Python ({error}). Run `make demo` first, then "
                 "use .venv/bin/python manage.py …")  # fmt: skip
    from annotation.core.console import run

    run(execute_from_command_line, sys.argv)


if __name__ == "__main__":
    main()
