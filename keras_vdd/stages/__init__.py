"""One stage of a recipe: from settings and a store to learned or chosen arrays."""
