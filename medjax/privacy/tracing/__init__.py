"""Tracing: the products of images with the means of synthetic ones, in several features."""
