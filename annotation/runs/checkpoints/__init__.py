"""Checkpoints of trainings in a bucket: sent while it trains, fetched where the disk lost them."""
