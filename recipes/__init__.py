"""The recipes, as YAML files beside this one."""
