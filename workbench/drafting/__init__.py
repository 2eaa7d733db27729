"""Labels that a machine began: outlines of masks, the desk they are finished on, and the way back without losing anything."""
