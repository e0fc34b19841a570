"""A static page that restores photos in the browser."""
