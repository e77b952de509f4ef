"""Readers: programs of their own that hear one voice message, or read the print of one photo, and end.

The only place that knows their libraries, which lie in environments of their own (`make voice`, `make ocr`).
"""
