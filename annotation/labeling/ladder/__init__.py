"""The qualification ladder: training, test, probation, full; and suspension, by people only."""
