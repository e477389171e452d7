"""What any command needs: options, values, sources, what is shown."""
