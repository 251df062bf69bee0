"""Rules that hold for every file of the project, each with an example that breaks it."""
