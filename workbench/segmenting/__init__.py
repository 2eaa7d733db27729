"""Images to masks without any model: thresholds, watershed, region growing, GrabCut, random walker."""
