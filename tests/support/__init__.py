"""What tests share: worlds to deliver files to, emulators, hostile input."""
