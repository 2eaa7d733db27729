"""Labels that a machine began: outlines of masks, the desk where they are finished, and the way back without loss."""
