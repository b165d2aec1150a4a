"""Policies on tasks of EleutherAI's lm-evaluation-harness: ordered, run by a process, shown."""
