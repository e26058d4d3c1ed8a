"""Expert networks: trained once on the real set, kept as snapshots, shared by the recipes that need the same."""
