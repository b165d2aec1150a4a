"""What a person may say about themself, apart from who they are, and read only of groups."""
