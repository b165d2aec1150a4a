"""Agreement statistics in plain numpy: numbers in, numbers out, no Django.

Every public function answers with an `Estimate`: a number, or None with the reason. Nothing in
here ever answers NaN or infinity.
"""
