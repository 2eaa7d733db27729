"""Predictions and truths → numbers; never torch.

coco reads files and takes COCO's own numbers; overlap finds what matches what; sampling, one_iou and slices tell
more of the matches; mistakes names each; comparing sets runs side by side. analysis.py puts one document together.
"""
