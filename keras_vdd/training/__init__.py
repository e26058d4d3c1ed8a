"""Distillation step by step: the condenser under `fit`, its two stages, run folders, tables."""
