"""Analysis of stored runs: browse the results, compare two runs, explain why a picture is not certified."""
