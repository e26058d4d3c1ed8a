"""The recipes, as YAML files beside this one and in the folders beside it; `README.md` says how they go together."""
