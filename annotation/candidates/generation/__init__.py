"""Runs by endpoints: ordered, estimated, asked for, looked at."""
