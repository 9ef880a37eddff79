// Nothing to call: see ShiftedClock.c.
