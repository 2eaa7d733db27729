"""Truth, predictions and mistakes in FiftyOne, or as folders of pictures."""
