"""Items whose answer is known: what meets it, how it is made, how labelers do on it."""
