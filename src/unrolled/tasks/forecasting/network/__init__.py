"""The network of a forecaster, part by part."""
