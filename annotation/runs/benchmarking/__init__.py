"""Files of comparisons from elsewhere: checked, kept, and a reward model measured on them."""
