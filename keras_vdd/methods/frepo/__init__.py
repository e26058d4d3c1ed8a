"""FRePo: real labels predicted from the set by kernel ridge regression."""
