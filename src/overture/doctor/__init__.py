"""The doctor: looks at an installation, and at how its platform takes it, and says for each finding what to do."""
