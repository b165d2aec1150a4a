"""Reward models as judges: their rewards become opinions, beside those of models that write."""
