"""A part of the demo beside the round and the tour: a project in the middle of its work, with a
ladder, gold, calibration, review and whoever looks after all of it."""
