"""A frozen dataset in the forms that other people's programs read: docs/formats.md, "Exports".

Each module turns the lines of a frozen folder into rows of one kind of format, and knows neither
the database nor the network. `catalogue` lists them, `writing` writes them.
"""
