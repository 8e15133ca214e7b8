"""Copies of real images, and synthetic images that lie suspiciously near to them."""
