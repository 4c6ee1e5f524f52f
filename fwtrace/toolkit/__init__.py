"""The parts a web framework is made of; nothing in here knows of anything above it."""
