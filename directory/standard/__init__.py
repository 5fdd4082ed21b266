"""The directory in the words of its standard: HSDS 3.0 objects, read for whoever speaks HSDS."""
