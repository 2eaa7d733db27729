"""What the page is made of: its template, its style and its script."""
