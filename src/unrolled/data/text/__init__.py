"""Texts as numbers of their symbols: files, vocabulary, corpus, streams."""
