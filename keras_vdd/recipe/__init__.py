"""Recipes: one typed schema, found, extended and overridden, every error explained."""
