"""Hand-built frameworks: things with an app object you can serve."""
