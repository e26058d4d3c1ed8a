"""What a recipe will make and cost, before anything is made: bytes, memory, time."""
