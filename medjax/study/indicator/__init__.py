"""Measurements that may predict, before a long run, what distilling will gain."""
