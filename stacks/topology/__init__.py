"""The declaration's types: frozen, validated, one module an idea."""
