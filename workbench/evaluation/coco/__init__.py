"""COCO files, checked row by row, and the numbers that COCO takes of them."""
