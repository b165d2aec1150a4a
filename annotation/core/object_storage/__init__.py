"""Storage that speaks S3, reached through the one door out (core/egress.py): datasets
and models go there. docs/decisions/1242 says why without an SDK."""
