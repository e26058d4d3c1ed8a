"""The folder of a run: what it holds, whose run it is, what is already done."""
