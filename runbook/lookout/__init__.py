"""The eye from outside: looks at public addresses, and looking again until they are as hoped."""
