"""Time stamps, zones, the regular grid, the calendar."""
