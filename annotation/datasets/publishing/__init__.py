"""Sending files to somebody else's storage: a bucket that speaks S3, or the Hugging Face Hub."""
