"""The registry of model versions: their stages, where they come from, and taking them along."""
