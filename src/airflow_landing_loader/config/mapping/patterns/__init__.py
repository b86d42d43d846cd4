"""What a file name looks like, and what its parts say."""
