"""Every component on one page, in three languages, with fictional samples: what the looks are judged on."""
