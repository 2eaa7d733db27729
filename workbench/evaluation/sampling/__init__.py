"""How far numbers would move with other images."""
