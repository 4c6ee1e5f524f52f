"""Find an app by the name its users give it, and run it here."""
