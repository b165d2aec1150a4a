"""What every app stands on: jobs, audit, errors, and the doors hostile text comes through."""
