"""What a published set is: its columns, what each says, and whether rows are right."""
