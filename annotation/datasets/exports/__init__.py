"""Exports that somebody ordered: made by a job, or on the spot where that is quick, and kept for a
week under the hash of their bytes."""
