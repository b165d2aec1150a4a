"""Repositories of the Hugging Face Hub, by the few documented requests that a push needs, through
the one door out (core/egress.py). docs/decisions/1300 says why without `huggingface_hub`."""
