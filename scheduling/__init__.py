"""Time: working days, statutory clocks, who is free, slots, calendars."""
