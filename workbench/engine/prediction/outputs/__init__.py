"""What was found, as files: COCO, Labelme, pictures of classes and segments, overlays."""
