"""Where a keeper is started and how one learns that it lives: a module an engine, all behind one interface."""
