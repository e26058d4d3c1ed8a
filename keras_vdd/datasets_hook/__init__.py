"""The hook into Hugging Face `datasets`: a published set is read as videos."""
