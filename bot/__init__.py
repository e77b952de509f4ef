"""The conversation: what is said and what happens next."""
