"""Files before they have a meaning: what one is, its bytes unpacked, its encoding."""
