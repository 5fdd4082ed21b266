"""Network meetings: agenda, packs, attendance, minutes, action items."""
