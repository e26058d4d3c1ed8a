"""MTT: training on the set should go where an expert's training went."""
