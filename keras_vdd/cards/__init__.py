"""The card of a published set, with its previews, its code and its results."""
