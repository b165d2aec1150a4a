"""New against old, on prompts that neither was trained on: by people, blind, or by a reward."""
