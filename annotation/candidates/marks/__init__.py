"""What is known of responses before anybody judges them: marks, and what was decided on them."""
