"""What every matching loss shares: the trained model, its train steps, the loop and the rates."""
