"""`make screenshots`: the pictures of the documents, taken by a program from a running stack."""
