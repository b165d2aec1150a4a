"""Storage that speaks S3, reached through the one door out (core/egress.py): datasets go there
today, and whatever else is kept as files. docs/decisions/1242 says why without an SDK."""
