"""The example that ends every command's help."""


def example(*lines):
    """Return a help epilog that shows commands a reader can run as they stand."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)
