"""Judgments as they were given, one row shape for every way out: file, API, page, dataset."""
