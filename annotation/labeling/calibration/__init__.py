"""Calibration rounds: the same items for everybody, seen side by side when all have judged, and
talked about. Lending is `labeling/lending.py`; judging is as always."""
