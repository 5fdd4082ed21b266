"""What every slice stands on: settings, database, refusals, time, ids, keys."""
