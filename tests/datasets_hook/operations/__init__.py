"""What people do with a set of `datasets`; test_hub_operations runs it with keras_vdd imported in various ways."""
