"""Has the world moved on from what a reward model learned? Its accuracy on newer judgments."""
