"""How memories are stored: storage types, and the rounding that training may see."""
