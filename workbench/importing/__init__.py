"""Other tools' annotations become Labelme files: one module per format, one contract, nothing lost in silence."""
