"""Images, sounds, videos and PDFs that belong to prompts and responses."""
