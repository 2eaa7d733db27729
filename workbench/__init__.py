"""Teach Detectron2 your own classes: label, convert, fine-tune, look at the mistakes, report."""

__version__ = "0.1.0"
