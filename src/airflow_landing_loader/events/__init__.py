"""What is told of what happens: messages for people and events for programs, from the books to
their channels."""
