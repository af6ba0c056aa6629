"""Tables become records: rows of a file, cleaned and mapped, rejected by reason, published resumably."""
