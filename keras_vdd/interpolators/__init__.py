"""Parametric interpolators: trained once on the real set, shared by the recipes that need the same one."""
